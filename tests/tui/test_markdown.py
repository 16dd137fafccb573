"""The guideline: Markdown set as text, with nothing in it that acts."""

from __future__ import annotations

from textual.content import Content

from gonogo.tui.markdown import guideline
from tests.tui.conftest import Running
from tests.tui.fake_services import Clock, FakeAnnotateSession, task
from tests.tui.screen_text import press, segments, text_of

TEXT = """\
# What counts

The value says **what the drawing
says**, see [the standard](https://example.org/1101).

- `16,5` and `16.5` are the same
- lost signs:
  1. a missing ⌀
  2. a missing R

> ask

| a | b |
|---|---|
"""
SET = """\
What counts

The value says what the drawing says, see the standard (https://example.org/1101).

• 16,5 and 16.5 are the same
• lost signs:
  1. a missing ⌀
  2. a missing R

ask

| a | b |
|---|---|"""


def test_markdown_is_set_as_text() -> None:
    assert guideline(TEXT).plain == SET


def test_emphasis_is_a_style() -> None:
    assert guideline("a **b**").is_same(Content.assemble("a ", ("b", "bold $strong")))


async def test_no_link_of_it_can_be_opened(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1)])
    session.guideline = (
        "[click](javascript:alert) <https://example.org> [@click=app.quit]x[/] <a href='https://x'>y</a>"
    )
    async with running(session) as pilot:
        await press(pilot, clock, "g")
        assert "https://example.org" in text_of(pilot.app.screen)
        for segment in segments(pilot.app.screen):
            assert not (segment.style and (segment.style.link or "@click" in segment.style.meta))


LISTS = """\
- a missing sign makes the value wrong, whatever else it says
  - so does a flipped tolerance of the other hand

  and this belongs to the first
- short
"""
HANGING = """\
• a missing sign makes
  the value wrong,
  whatever else it says
  • so does a flipped
    tolerance of the
    other hand
"""


def test_lists_keep_their_indentation_where_they_wrap() -> None:
    lines = guideline(LISTS, 23).plain
    assert lines.startswith(HANGING)
    assert lines.endswith("\n• short")
    assert all(len(line) <= 23 for line in lines.splitlines())


def test_the_paragraphs_of_an_item_stay_apart() -> None:
    assert guideline("1. first\n\n   second\n\n2. third").plain == "1. first\n   second\n2. third"
    assert guideline("- \n- b").plain == "• \n• b"


async def test_the_guideline_on_the_screen_hangs_below_its_marks(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1)])
    session.guideline = "- " + "every datum letter counts " * 8
    async with running(session, size=(80, 24)) as pilot:
        await press(pilot, clock, "g")
        lines = [line for line in text_of(pilot.app.screen).splitlines() if "datum letter" in line]
        first = lines[0].index("•")
        inner = [line.index(line[first:].lstrip("• ").split()[0], first) for line in lines]
        assert set(inner) == {first + 2}

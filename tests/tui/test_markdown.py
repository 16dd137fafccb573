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

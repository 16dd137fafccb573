"""Data is never markup and never an escape sequence, on any screen."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from textual.color import Color

import gonogo.tui
from gonogo.client.errors import NetworkError
from gonogo.desk.core.models import Decided, Decision, SendState, Stage
from gonogo.sheets.models import NoPicture
from gonogo.tui.text import MAX_CHARACTERS, CleanFilter, content, one_line, rich_text
from tests.tui.conftest import Running
from tests.tui.fake_services import Clock, FakeAnnotateSession, FakeCampaign, task
from tests.tui.screen_text import segments, settle, text_of

HOSTILE = [
    "[@click=app.quit]x[/]", "[ @click=app.bell]x[/]", "[$primary @click=app.bell]x[/]", "[/]", "[[[", "[link='a']",
    "\x1b]52;c;YWJj\x07", "\x1b[6n\x1b[c", "\x9b6n", "\u202e12\u202c", "1\u200b2", "\x00\x7f", "a\rb\x0bc",
    "\u2066x\u2069", "\U000e0041", "\ue000", "line\nline", "tab\tstop",
]  # fmt: skip
ALL = " ".join(HOSTILE)
RAW = {chr(code) for code in [*range(0x20), *range(0x7F, 0xA0), *range(0x200B, 0x2010), *range(0x202A, 0x202F)]}
RAW |= {chr(code) for code in [*range(0x2066, 0x206A), 0xE0041, 0xE000]}


def assert_inert(screen: object) -> None:
    for segment in segments(screen):  # type: ignore[arg-type]
        assert not RAW & set(segment.text), repr(segment.text)
        meta = segment.style.meta if segment.style else {}
        assert not [key for key in meta if "click" in key], meta
        assert not (segment.style and segment.style.link)


@pytest.mark.slow
@pytest.mark.parametrize("hostile", [ALL, "[/]", "[ @click=app.quit]x[/]", "\x1b]52;c;YWJj\x07"])
async def test_a_hostile_question_is_inert(running: Running, clock: Clock, hostile: str) -> None:
    one = task(
        1, {"text": hostile, hostile: [hostile]}, prompt=hostile, target_kind=hostile, detail_kind=hostile,
        field_name=hostile, field_path=hostile, links=(("part", hostile), (hostile, hostile)), part_revision_id=hostile,
    )  # fmt: skip
    session = FakeAnnotateSession([one, one, one], name=hostile, draw=lambda *_: NoPicture(hostile, hostile))
    session.guideline = hostile
    async with running(session) as pilot:
        assert_inert(pilot.app.screen)
        for key in ("d", "escape", "g", "escape", "question_mark", "escape", "s"):
            clock.pass_(1)
            await pilot.press(key)
            await settle(pilot)
            assert_inert(pilot.app.screen)
        assert len(session.answers) == 1


async def test_hostile_states_history_and_notices_are_inert(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([])
    bad = Decided(task(1, {"text": ALL}), Decision(ALL, {"text": ALL}), SendState.PARKED, ALL)
    async with running(session) as pilot:
        for stage in Stage:
            session.tell(stage=stage, message=ALL, next_step=ALL, campaign_name=ALL, recent=(bad,), retry_in=3.0)
            await settle(pilot)
            assert_inert(pilot.app.screen)
        pilot.app.show_notice(ALL, error=True)  # type: ignore[attr-defined]
        await settle(pilot)
        assert_inert(pilot.app.screen)
        assert "app.quit" in text_of(pilot.app.screen)  # shown literally


async def test_hostile_campaigns_and_refusals_are_inert(running: Running) -> None:
    listed = [FakeCampaign("1", ALL), FakeCampaign("2", "[/]")]
    refusal = NetworkError(ALL, next_step=ALL)
    async with running(FakeAnnotateSession([]), signed=None, listed=listed, refuses=refusal) as pilot:
        await pilot.press("x", "enter")
        await settle(pilot)
        assert_inert(pilot.app.screen)
        pilot.app.services.refuses = None  # type: ignore[attr-defined]
        await pilot.press("enter")
        await settle(pilot)
        assert "Which campaign?" in text_of(pilot.app.screen)
        assert_inert(pilot.app.screen)


@given(st.text())
def test_text_is_capped_and_clean(text: str) -> None:
    for shown in (content(text * 50).plain, rich_text(text * 50).plain):
        assert len(shown) <= MAX_CHARACTERS * 4 + 10
        assert not (RAW - {"\n"}) & set(shown)
    line = one_line(text)
    assert "\n" not in line
    assert not RAW & set(line)


def test_long_text_says_that_there_is_more() -> None:
    assert content("x" * 100_000).plain.endswith("… more")


@given(st.text())
def test_the_backstop_lets_nothing_through(text: str) -> None:
    (segment,) = CleanFilter().apply([Segment(text)], Color(0, 0, 0))
    assert not RAW & set(segment.text)
    control = Segment("\x1b[1m", None, [(1,)])  # type: ignore[list-item]
    assert CleanFilter().apply([control], Color(0, 0, 0)) == [control]


# --- the rule, checked in the source --------------------------------------------------------------------

SOURCES = sorted(Path(next(iter(gonogo.tui.__path__))).rglob("*.py"))
WIDGETS = {"Static", "Label", "Button", "Checkbox", "Option", "Collapsible", "TabPane", "RadioButton"}
UPDATES = {"update", "add_option", "set_title"}
TEXT_METHODS = {"format", "join", "replace", "strip", "lower", "upper", "title", "str", "repr", "plain", "one_line"}


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _literal(node: ast.expr) -> bool:
    """A constant without markup, or a call that makes Content."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and "[" not in node.value
    if isinstance(node, ast.Call):
        made_by_content = isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Call)
        return _name(node.func) not in TEXT_METHODS or made_by_content
    return False


def offences(tree: ast.AST) -> list[int]:
    """Lines where a plain string could reach a widget as markup."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            names = {target.attr for target in node.targets if isinstance(target, ast.Attribute)}
            if names & {"border_title", "border_subtitle", "tooltip", "label"}:
                found.append(node.lineno)
        if not isinstance(node, ast.Call):
            continue
        name, keywords = _name(node.func), {word.arg: word.value for word in node.keywords}
        silent = isinstance(keywords.get("markup"), ast.Constant) and keywords["markup"].value is False  # type: ignore[attr-defined]
        if name == "notify" and not silent:
            found.append(node.lineno)
        if name in WIDGETS | UPDATES and node.args and not _literal(node.args[0]):
            found.append(node.lineno)
        if name == "Static" and node.args and not silent:
            found.append(node.lineno)
        if name == "from_markup" and node.args and not isinstance(node.args[0], ast.Constant):
            found.append(node.lineno)
        if name in {"escape"}:
            found.append(node.lineno)
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_string_with_data_is_given_to_a_widget(path: Path) -> None:
    assert offences(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "code",
    ["Static(f'{x}', markup=False)", "Static(content(x))", "w.update(text)", "app.notify(x)", "Button('[b]x')",
     "w.update('a' + x)", "w.update('{}'.format(x))", "w.border_title = x", "Content.from_markup(x)", "Label(str(x))"],
)  # fmt: skip
def test_the_rule_finds_what_it_forbids(code: str) -> None:
    assert offences(ast.parse(code))

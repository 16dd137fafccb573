"""The review queue: order, filters, an empty list in words, and a hundred thousand rows."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from textual.app import App, ComposeResult

from gonogo.desk.review.models import QueueRow
from gonogo.desk.review.session import ReviewSession
from gonogo.tui.app import GonogoApp
from gonogo.tui.presenters.expert.review_queue import queue_columns
from gonogo.tui.screens.expert.adjudicate import AdjudicateScreen
from gonogo.tui.screens.expert.review import ReviewScreen
from gonogo.tui.theme_files import load_themes, themes_folder
from gonogo.tui.widgets.virtual_table import VirtualTable
from tests.tui.fake_services import task
from tests.tui.screens.conftest import Room
from tests.tui.screens.expert.test_adjudicate import conflict


def review_of(room: Room) -> ReviewScreen:
    assert isinstance(room.screen, ReviewScreen)
    return room.screen


async def test_the_worst_expected_harm_comes_first(room: Room) -> None:
    await conflict(room, "M8", predicted_confidence=0.2)
    await conflict(room, "R7,5", predicted_confidence=0.9)
    async with room.opened(size=(80, 24)):
        await room.sees("1 of 2", "✓1 ✗1", "tie")
        assert room.text.index("R7,5") < room.text.index("M8")


@pytest.mark.slow
async def test_filters_narrow_the_list_and_an_empty_one_says_how_to_go_on(room: Room) -> None:
    await conflict(room, "M8", detail_kind="thread")
    await conflict(room, "R0,2", detail_kind="dimension")
    async with room.opened():
        await room.sees("1 of 2")
        await room.press("k", *"thread", "enter")
        await room.sees("1 of 1", "kind thread", "M8")
        await room.press("slash", *"nothing", "enter")
        await room.sees("No task matches", "x shows all")
        await room.press("x")
        await room.sees("1 of 2")
        await room.press("t")
        await room.sees("open tasks")


async def test_an_empty_queue_says_so(room: Room) -> None:
    await room.bench.task()
    async with room.opened():
        await room.sees("Nothing to review", "random sample")


async def test_escape_leads_back_to_the_list(room: Room) -> None:
    await conflict(room)
    async with room.opened():
        await room.sees("1 of 1")
        await room.press("enter")
        await room.until(lambda: isinstance(room.screen, AdjudicateScreen))
        await room.press("escape")
        await room.sees("to review")
        app = room.pilot.app
        assert isinstance(app, GonogoApp)
        assert isinstance(app.navigator.session, ReviewSession)
        assert app.navigator.session.at is None


class Many:
    """A hundred thousand rows, of which the first page is here."""

    count: int | None = 100_000

    def __init__(self) -> None:
        self.wanted = 0
        self.loaded = 200

    def row(self, index: int | None) -> QueueRow | None:
        if index is None or index >= self.loaded:
            return None
        return QueueRow(task(index, {"text": f"{index},5"}), "in_review", 0.4, why="tie", verdicts=(("correct", 1),))

    def want(self, index: int) -> None:
        self.wanted = max(self.wanted, index)


class Listing(App[None]):
    """Nothing but the list."""

    def __init__(self, rows: Many) -> None:
        self.given = rows
        self.looks, _ = load_themes([themes_folder()])
        super().__init__()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return next(iter(self.looks.values())).variables()

    def compose(self) -> ComposeResult:
        yield VirtualTable(self.given, queue_columns(lambda _: None), fetch=self.given.want)


@pytest.fixture
async def listing() -> AsyncIterator[tuple[Any, Many]]:
    rows = Many()
    async with Listing(rows).run_test(size=(120, 40)) as pilot:
        yield pilot, rows


async def test_a_hundred_thousand_rows_scroll_without_a_hitch(listing: tuple[Any, Many]) -> None:
    pilot, rows = listing
    shown = pilot.app.query_one(VirtualTable)
    shown.focus()
    shown.update()
    await pilot.pause()
    assert "0,5" in shown.render_line(0).text
    began = time.process_time()
    await pilot.press("end")
    await pilot.pause()
    assert time.process_time() - began < 1.0
    assert shown.cursor == 99_999
    assert rows.wanted >= 99_999, "the pages up to there are asked for"
    assert "fetching" in shown.render_line(shown.cursor - shown.scroll_offset.y).text
    rows.loaded = 100_000
    shown.update()
    assert "99999,5" in shown.render_line(shown.cursor - shown.scroll_offset.y).text


async def test_the_chosen_case_is_previewed_where_the_screen_is_wide_enough(room: Room) -> None:
    await conflict(room, "M8", predicted_confidence=0.9)
    await conflict(room, "R7,5", predicted_confidence=0.1)
    async with room.opened(size=(120, 40)):
        await room.sees("1 of 2", "A ✓ correct", "B ✗ incorrect → M85", "This task names no drawing.")
        preview, table = review_of(room).preview, review_of(room).table
        assert preview.region.x >= table.region.right
        assert preview.sheet.size.width >= 50
        await room.press("down")
        await room.sees("B ✗ incorrect → R7,55")


async def test_at_80_columns_the_chosen_case_is_previewed_below_the_list(room: Room) -> None:
    await conflict(room, "M8")
    async with room.opened(size=(80, 24)):
        await room.sees("1 of 1", "review", "A ✓ correct", "B ✗ incorrect", "This task names no drawing.")
        preview, table = review_of(room).preview, review_of(room).table
        assert preview.region.y == table.region.bottom
        assert preview.sheet.size.width >= 45
        assert table.size.width == 80
        assert table.size.height >= 8


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_an_empty_list_shows_its_card_and_no_preview(room: Room, size: tuple[int, int]) -> None:
    async with room.opened(size=size):
        await room.sees("Nothing to review")
        below = room.text.partition("quality.")[2]
        assert below.count("╰") == below.count("╭") + 1  # the card's own frame
        assert not review_of(room).preview.visible


@pytest.mark.parametrize("size", [(60, 24), (80, 18)])
async def test_a_small_screen_has_the_list_alone(room: Room, size: tuple[int, int]) -> None:
    await conflict(room, "M8")
    async with room.opened(size=size):
        await room.sees("1 of 1")
        assert not review_of(room).preview.display
        assert review_of(room).table.size.width == size[0]


@pytest.mark.slow
async def test_after_a_ruling_the_cursor_is_on_the_next_open_row(room: Room) -> None:
    for number in range(4):
        await conflict(room, f"{number}5", predicted_confidence=0.9 - number / 5)
    async with room.opened():
        await room.sees("1 of 4")
        await room.press("down", "enter")
        await room.until(lambda: isinstance(room.screen, AdjudicateScreen) and not room.screen.pane.guard.waiting)
        await room.press("a", "escape")
        await room.sees("3 of 4")
        await room.press("u")
        await room.sees("2 of 4")


@pytest.mark.slow
async def test_after_the_contact_sheet_the_cursor_is_on_a_row_that_waits(room: Room) -> None:
    for number in range(2):
        await conflict(room, f"{number}5", predicted_confidence=0.9 - number / 5)
    async with room.opened(size=(80, 24)):
        await room.sees("1 of 2")
        await room.press("enter")
        await room.until(lambda: isinstance(room.screen, AdjudicateScreen) and not room.screen.pane.guard.waiting)
        await room.press("a", "escape")
        await room.sees("2 of 2")
        await room.press("home", "c")
        await room.until(lambda: bool(room.screen.query("ReviewTile")))
        await room.press("escape")
        await room.sees("2 of 2")


async def test_a_click_on_a_row_opens_it(room: Room) -> None:
    await conflict(room, "M8", predicted_confidence=0.2)
    await conflict(room, "R7,5", predicted_confidence=0.9)
    async with room.opened(size=(80, 24)):
        await room.sees("1 of 2", "✓1 ✗1", "tie")
        await room.pilot.click(VirtualTable, offset=(10, 1))
        await room.until(lambda: isinstance(room.screen, AdjudicateScreen))
        await room.sees("M8")

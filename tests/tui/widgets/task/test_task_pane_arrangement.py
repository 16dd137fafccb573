"""Drawing and panel of the task pane: beside each other or one below the other, and ready in the next one's place."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from textual.pilot import Pilot
from textual.widget import Widget

from gonogo.desk.core.models import DeskTask
from gonogo.sheets.models import Picture, PictureRequest
from gonogo.tui.layout.arrangement import Arrangement
from gonogo.tui.screens.work.annotate import AnnotateScreen
from gonogo.tui.widgets.task.task_pane import AHEAD_SECONDS, TaskPane
from tests.tui.conftest import Running
from tests.tui.fake_services import Clock, FakeAnnotateSession, fake_picture, task
from tests.tui.screen_text import press, settle, text_of

SHORT = {"value": {"text": "R3"}, "bbox": (100.0, 100.0, 140.0, 130.0)}
WIDE = {"value": {"text": "Edges ISO 13715: -0,3; radii R2 unless noted"}, "bbox": (100.0, 100.0, 900.0, 130.0)}
SIZES = [(80, 24), (120, 40), (200, 60)]


def pane_of(pilot: Pilot[None]) -> TaskPane:
    return cast(AnnotateScreen, pilot.app.screen).pane


def panel_of(pane: TaskPane) -> Widget:
    return pane.query_one("#panel")


def below(pane: TaskPane) -> bool:
    """Whether the panel lies below the drawing, by their places on the screen."""
    panel, sheet = panel_of(pane).region, pane.sheet.region
    assert (panel.y >= sheet.bottom) != (panel.x >= sheet.right)
    return panel.y >= sheet.bottom


@pytest.mark.parametrize("size", SIZES)
async def test_a_wide_box_has_the_whole_width_and_the_panel_below(running: Running, size: tuple[int, int]) -> None:
    async with running(FakeAnnotateSession([task(1, **WIDE)]), size=size) as pilot:
        pane = pane_of(pilot)
        assert below(pane)
        assert pane.sheet.size.width == size[0]


@pytest.mark.parametrize("size", SIZES)
async def test_a_short_box_has_the_panel_beside_it(running: Running, size: tuple[int, int]) -> None:
    async with running(FakeAnnotateSession([task(1, **SHORT)]), size=size) as pilot:
        assert not below(pane_of(pilot))
        assert pane_of(pilot).sheet.size.width > size[0] / 2


@pytest.mark.parametrize("size", [*SIZES, (60, 30), (64, 20), (103, 31), (139, 45)])
@pytest.mark.parametrize("kind", [SHORT, WIDE], ids=["short", "wide"])
async def test_the_drawing_has_the_size_that_was_asked_for_before_the_layout(
    running: Running, size: tuple[int, int], kind: dict[str, object]
) -> None:
    session = FakeAnnotateSession([task(1, **kind)])
    async with running(session, size=size) as pilot:
        pane = pane_of(pilot)
        assert pane.sheet.cells == pane.cells
        asked = session.asked["task-1"]
        assert (asked.columns, asked.rows) == pane.cells


@pytest.mark.parametrize("size", SIZES)
async def test_the_drawing_of_the_next_task_is_prepared_in_its_own_arrangement(
    running: Running, clock: Clock, size: tuple[int, int]
) -> None:
    session = FakeAnnotateSession([task(1, **SHORT), task(2, **WIDE)])
    async with running(session, size=size) as pilot:
        pane = pane_of(pilot)
        ahead = pane.request_ahead(session.tasks[1])
        await press(pilot, clock, "a")
        assert below(pane)
        assert session.asked["task-2"] == ahead


async def test_a_mixed_run_moves_the_parts_once_at_most(running: Running, clock: Clock) -> None:
    kinds = [SHORT, WIDE, SHORT, SHORT, WIDE] * 3
    session = FakeAnnotateSession([task(number, **kind) for number, kind in enumerate(kinds)])
    async with running(session, size=(80, 24)) as pilot:
        shown = []
        for _ in kinds[1:]:
            shown.append(below(pane_of(pilot)))
            await press(pilot, clock, "a")
        assert sum(one is not other for one, other in itertools.pairwise(shown)) == 1


async def test_undo_and_a_correction_leave_the_parts_where_they_are(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1, **WIDE), task(2, **SHORT)])
    async with running(session, size=(80, 24)) as pilot:
        pane = pane_of(pilot)
        places = (pane.sheet.region, pane.value.region)
        await press(pilot, clock, "d")
        assert (pane.sheet.region, pane.value.region) == places
        await press(pilot, clock, "escape", "a", "u")
        assert (pane.sheet.region, pane.value.region) == places


async def test_a_new_size_chooses_anew(running: Running) -> None:
    session = FakeAnnotateSession([task(1, **SHORT)])
    async with running(session, size=(60, 30)) as pilot:
        pane = pane_of(pilot)
        assert pane.arranger.arrangement is Arrangement.BELOW
        await pilot.resize_terminal(120, 40)
        await settle(pilot)
        assert not below(pane)
        assert pane.sheet.cells == pane.cells


@pytest.mark.parametrize("kind", [SHORT, WIDE], ids=["short", "wide"])
async def test_question_value_and_keys_are_all_there_at_80x24(running: Running, kind: dict[str, object]) -> None:
    value = "Edges ISO 13715: -0,3; all radii R2; no burrs"
    session = FakeAnnotateSession([task(1, **{**kind, "value": {"text": value}})])
    async with running(session, size=(80, 24)) as pilot:
        text = " ".join(text_of(pilot.app.screen).split())
        assert "Is this dimension read right?" in text
        assert value in text
        for key in ("a correct", "s incorrect", "d fix", "f unsure"):
            assert key in text


async def test_facts_and_history_use_the_room_of_the_new_arrangement(running: Running, clock: Clock) -> None:
    """They are written for the size at the paint, not for the one before the layout."""
    session = FakeAnnotateSession([task(number, **SHORT) for number in range(12)] + [task(20, **WIDE)])
    async with running(session, size=(120, 40)) as pilot:
        await press(pilot, clock, *("a" * 12))
        screen = cast(AnnotateScreen, pilot.app.screen)
        assert below(screen.pane)
        assert screen.history.render().plain.count("R3") == 8


async def test_a_small_terminal_gives_the_frame_to_the_drawing(running: Running) -> None:
    async with running(FakeAnnotateSession([task(1, **SHORT)]), size=(80, 24)) as pilot:
        pane = pane_of(pilot)
        assert pane.sheet.cells == (54, 21)
        assert "LIU0010" in pane.sheet.render_line(0).text
        await pilot.resize_terminal(120, 40)
        await settle(pilot)
        assert pane.sheet.cells[0] == pane.sheet.size.width - 2
        assert pane.sheet.render_line(1).text.startswith("│")


async def test_what_was_measured_moves_the_panel_before_the_task_is_shown(running: Running, clock: Clock) -> None:
    """The estimate takes the box for a short text; its picture says that a long one with limits stands there."""

    def draw(item: DeskTask, request: PictureRequest) -> Picture:
        ink = (700.0, 21.0, 20.0, 20.0) if item.id == "task-2" else (40.0, 21.0, 20.0, 20.0)
        return replace(fake_picture(item, request), ink=ink)

    session = FakeAnnotateSession([task(1, **SHORT), task(2, **SHORT)], draw=draw)
    async with running(session, size=(80, 24)) as pilot:
        pane = pane_of(pilot)
        assert not below(pane)
        await pilot.pause(2 * AHEAD_SECONDS)
        await press(pilot, clock, "a")
        assert below(pane)
        assert (session.asked["task-2"].columns, session.asked["task-2"].rows) == pane.sheet.cells


async def test_the_note_that_there_is_no_map_names_the_persons_own_key(running: Running, home: Path) -> None:
    (home / "config").mkdir(exist_ok=True, parents=True)
    (home / "config" / "keys.toml").write_text('"annotate.context" = "w"\n')

    def draw(item: DeskTask, request: PictureRequest) -> Picture:
        picture = fake_picture(item, request)
        return replace(picture, locator=picture.grid, locator_place=None)

    async with running(FakeAnnotateSession([task(1, **WIDE)], draw=draw), size=(120, 40)) as pilot:
        assert "no room for the map: w" in text_of(pilot.app.screen)

"""The two arrangements: which one makes the text larger, and that they stay over a run of tasks."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.desk.core.models import DeskTask
from gonogo.tui.layout.arrangement import (
    EVIDENCE_PANEL,
    LARGE_GAIN,
    SMALL_PANEL,
    STEADY_TASKS,
    Arrangement,
    Panel,
    SteadyArrangement,
    TaskRoom,
)
from gonogo.tui.layout.text_size import is_readable, text_size
from gonogo.tui.viewport import Viewport
from tests.tui.fake_services import task

BESIDE, BELOW = Arrangement.BESIDE, Arrangement.BELOW
VIEW = Viewport()
SHORT = task(1, {"text": "R3"}, bbox=(100.0, 100.0, 140.0, 130.0))
WIDE = task(2, {"text": "Edges ISO 13715: -0,3; radii R2 unless noted"}, bbox=(100.0, 100.0, 900.0, 130.0))
BLOCK = task(3, {"text": "R2 all round, 3x45° " * 3}, bbox=(100.0, 100.0, 250.0, 300.0))
"""Six short lines."""


def run(tasks: Iterable[DeskTask], room: TaskRoom) -> list[Arrangement]:
    steady, shown = SteadyArrangement(), []
    for each in tasks:
        steady = steady.after(each, VIEW, room)
        shown.append(steady.arrangement)
    return shown


@pytest.mark.parametrize("size", [(80, 22), (120, 38), (200, 58)])
def test_a_wide_text_gets_the_whole_width(size: tuple[int, int]) -> None:
    room = TaskRoom(*size)
    assert run([WIDE], room) == [BELOW]
    assert text_size(WIDE, VIEW, room.cells(BELOW)).worth > text_size(WIDE, VIEW, room.cells(BESIDE)).worth


@pytest.mark.parametrize("size", [(80, 22), (120, 38), (200, 58)])
def test_a_short_text_keeps_the_panel_beside_it(size: tuple[int, int]) -> None:
    assert run([SHORT] * 3, TaskRoom(*size)) == [BESIDE] * 3


def test_a_block_of_lines_gets_the_whole_height() -> None:
    assert run([WIDE, *[SHORT] * STEADY_TASKS, BLOCK], TaskRoom(100, 22))[-1] is BESIDE


def test_nothing_stands_beside_a_drawing_on_a_narrow_terminal() -> None:
    assert run([SHORT, WIDE, BLOCK], TaskRoom(60, 30)) == [BELOW] * 3


def test_text_that_is_large_enough_changes_nothing() -> None:
    """After one wide text the short ones stay where they are: they can be read there, too."""
    assert run([WIDE, *[SHORT] * 20], TaskRoom(120, 38)) == [BELOW] * 21


@pytest.mark.parametrize("size", [(80, 22), (120, 38), (200, 58)])
def test_a_mixed_run_does_not_jump(size: tuple[int, int]) -> None:
    shown = run([SHORT, WIDE, SHORT, SHORT, WIDE] * 12, TaskRoom(*size))
    assert sum(one is not other for one, other in itertools.pairwise(shown)) <= 1


boxes = st.tuples(st.integers(10, 600), st.integers(8, 300), st.integers(1, 60)).map(
    lambda box: task(value={"text": "8" * box[2]}, bbox=(100.0, 100.0, 100.0 + box[0], 100.0 + box[1]))
)


@pytest.mark.slow
@given(st.lists(boxes, min_size=2, max_size=40), st.sampled_from([(80, 22), (120, 38), (200, 58)]))
def test_a_quick_change_back_makes_the_text_much_larger(tasks: list[DeskTask], size: tuple[int, int]) -> None:
    room, steady = TaskRoom(*size), SteadyArrangement()
    for each in tasks:
        before, steady = steady, steady.after(each, VIEW, room)
        if steady.arrangement is not before.arrangement:
            sizes = [text_size(each, VIEW, room.cells(one.arrangement)) for one in (before, steady)]
            if is_readable(sizes[1], VIEW) and not is_readable(sizes[0], VIEW):
                continue
            assert sizes[1].worth > sizes[0].worth
            if before.n_tasks < STEADY_TASKS:
                assert sizes[1].worth > LARGE_GAIN * sizes[0].worth


@given(st.integers(0, 400), st.integers(0, 200), st.sampled_from([SMALL_PANEL, EVIDENCE_PANEL]))
def test_drawing_and_panel_share_the_room(width: int, height: int, panel: Panel) -> None:
    room = TaskRoom(width, height, panel)
    around = {each: room.edges(each) for each in Arrangement}
    sides, bottom = 2 * around[BESIDE].sides, 1 + around[BELOW].bottom
    assert room.cells(BESIDE)[0] + sides + room.panel_width <= max(width, sides + room.panel_width)
    assert room.cells(BELOW)[1] + bottom + room.panel_height <= max(height, bottom + room.panel_height)


@pytest.mark.parametrize(("width", "least"), [(120, 60), (160, 80), (200, 100)])
def test_half_of_the_screen_is_the_drawings_when_votes_stand_beside_it(width: int, least: int) -> None:
    assert width - TaskRoom(width, 38, EVIDENCE_PANEL).panel_width >= least

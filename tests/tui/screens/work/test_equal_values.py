"""A page of equal values: what is struck, what Enter saves, and that it is never more than can be seen."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from gonogo.desk.core.errors import OutboxError
from gonogo.desk.core.models import Decided, Decision, DeskTask, SendState
from gonogo.sheets.models import NoPicture, Picture, PictureRequest
from gonogo.tui.layout.crop_grid import crop_cells, crop_grid, room_for_tiles, tiles_that_fit
from gonogo.tui.screens.work.annotate import AnnotateScreen
from gonogo.tui.screens.work.equal_values import EqualValuesScreen
from gonogo.tui.viewport import Viewport
from tests.tui.conftest import Running
from tests.tui.fake_services import Clock, Drawer, FakeAnnotateSession, fake_picture, task
from tests.tui.screen_text import press, settle, text_of


class FakePage:
    """Page of the first tasks of `session` that have one value; `limits` are the tiles that the screen can show."""

    def __init__(self, session: PagedSession) -> None:
        self.session = session
        self.limits: list[int] = []
        self.taken_back: Mapping[str, str] = {}
        self.alone: list[str] = []
        self.sizes: list[int] = []
        self.upcoming: list[DeskTask] = []

    def limit(self, n_tiles: int) -> None:
        self.limits.append(n_tiles)

    @property
    def tasks(self) -> tuple[DeskTask, ...]:
        left = self.session.tasks
        if not left or left[0].id in self.alone:
            return ()
        page = [one for one in left if one.predicted_value == left[0].predicted_value and one.id not in self.alone]
        return tuple(page) if len(page) > 1 else ()

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.tasks]

    def decide(self, decisions: Mapping[str, Decision], alone: Collection[str] = ()) -> None:
        session = self.session
        if session.fails is not None:
            raise session.fails
        session.answers += [(one, decisions[one.id]) for one in session.tasks if one.id in decisions]
        session.tasks = [one for one in session.tasks if one.id not in decisions]
        self.sizes.append(len(decisions))
        self.taken_back = {}
        self.ask_alone(alone)

    def ask_alone(self, task_ids: Collection[str] | None = None) -> None:
        ids = self.ids if task_ids is None else list(task_ids)
        self.alone += ids
        self.session.tasks.sort(key=lambda one: one.id not in ids)
        self.session.advance()


class PagedSession(FakeAnnotateSession):
    def __init__(self, tasks: list[DeskTask], *, draw: Drawer = fake_picture) -> None:
        super().__init__(tasks, draw=draw)
        self.paged = FakePage(self)
        self.page = self.paged  # type: ignore[assignment]

    def advance(self, **changes: Any) -> None:
        if self.paged.tasks:
            self.current = None
            self.tell(done=len(self.answers), **changes)
        else:
            super().advance(**changes)

    def tell(self, **changes: Any) -> None:
        if self.paged.tasks:
            self.current = None
        super().tell(**changes)

    def undo(self) -> tuple[DeskTask, Decision] | None:
        if not self.paged.sizes:
            return super().undo()
        size = self.paged.sizes.pop()
        undone, self.answers = self.answers[-size:], self.answers[:-size]
        self.paged.taken_back = {one.id: made.verdict for one, made in undone}
        self.tasks = [one for one, _made in undone] + self.tasks
        self.advance()
        return undone[-1]

    @property
    def verdicts(self) -> dict[str, str]:
        return {one.id: made.verdict for one, made in self.answers}


def equal_ones(*numbers: int, **changes: Any) -> list[DeskTask]:
    return [task(number, {"text": "M8"}, **changes) for number in numbers]


def page_of(pilot: Pilot[None]) -> EqualValuesScreen:
    screen = pilot.app.screen
    assert isinstance(screen, EqualValuesScreen)
    return screen


async def test_enter_saves_the_page_but_for_what_was_struck(running: Running, clock: Clock) -> None:
    session = PagedSession([*equal_ones(1, 2, 3, 4), task(5, {"text": "R0,2"}, prompt="And this radius?")])
    async with running(session, size=(120, 40)) as pilot:
        await settle(pilot)
        shown = text_of(pilot.app.screen)
        assert "4 × Is this dimension read right?" in shown
        assert shown.count("✓ right") == 4
        await press(pilot, clock, "right", "space", "right", "right", "f")
        assert "✗ WRONG" in text_of(pilot.app.screen)
        assert "? UNSURE" in text_of(pilot.app.screen)
        await press(pilot, clock, "enter")
        assert session.verdicts == {"task-1": "correct", "task-2": "incorrect", "task-3": "correct", "task-4": "unsure"}
        assert isinstance(pilot.app.screen, AnnotateScreen)
        assert "And this radius?" in text_of(pilot.app.screen)


async def test_a_tile_is_silent_about_a_map_that_no_key_makes_room_for(running: Running) -> None:
    def draw(item: DeskTask, request: PictureRequest) -> Picture:
        picture = fake_picture(item, request)
        return replace(picture, locator=picture.grid, locator_place=None)

    async with running(PagedSession(equal_ones(1, 2), draw=draw), size=(120, 40)) as pilot:
        await settle(pilot)
        shown = text_of(pilot.app.screen)
        assert shown.count("✓ right") == 2
        assert "no room for the map" not in shown


async def test_struck_twice_is_right_again(running: Running, clock: Clock) -> None:
    session = PagedSession(equal_ones(1, 2))
    async with running(session, size=(120, 40)) as pilot:
        await press(pilot, clock, "space", "space", "enter")
        assert set(session.verdicts.values()) == {"correct"}


async def test_nothing_counts_before_the_whole_page_is_painted_and_then_the_time_begins(
    running: Running, clock: Clock
) -> None:
    session = PagedSession(equal_ones(1, 2, 3))
    async with running(session, size=(120, 40)) as pilot:
        await settle(pilot)
        assert [call for call in session.calls if call.startswith("shown")] == ["shown"]
        page_of(pilot).gate.hold()
        await press(pilot, clock, "enter")
        assert not session.answers
        assert "loading" in text_of(pilot.app.screen)


async def test_enter_held_down_confirms_one_page(running: Running, clock: Clock) -> None:
    session = PagedSession([*equal_ones(1, 2), *[task(number, {"text": "M10"}) for number in (3, 4)]])
    async with running(session, size=(120, 40)) as pilot:
        clock.pass_(1)
        await pilot.press("enter")
        await settle(pilot)
        for _repeat in range(20):
            clock.pass_(0.03)
            await pilot.press("enter")
        await settle(pilot)
        assert len(session.answers) <= 2
        assert isinstance(pilot.app.screen, EqualValuesScreen)


async def test_undo_brings_the_page_back_with_its_marks(running: Running, clock: Clock) -> None:
    session = PagedSession([*equal_ones(1, 2, 3), task(4, {"text": "R0,2"})])
    async with running(session, size=(120, 40)) as pilot:
        await press(pilot, clock, "space", "enter")
        assert isinstance(pilot.app.screen, AnnotateScreen)
        await press(pilot, clock, "u")
        assert session.answers == []
        shown = text_of(page_of(pilot))
        assert (shown.count("✗ WRONG"), shown.count("✓ right")) == (1, 2)


async def test_a_drawing_that_is_missing_is_left_out_and_asked_alone(running: Running, clock: Clock) -> None:
    def draw(one: DeskTask, request: PictureRequest) -> Picture | NoPicture:
        return NoPicture("It can't be opened.") if one.id == "task-2" else fake_picture(one, request)

    session = PagedSession(equal_ones(1, 2, 3), draw=draw)
    async with running(session, size=(120, 40)) as pilot:
        await settle(pilot)
        assert "comes alone: no drawing" in text_of(pilot.app.screen)
        await press(pilot, clock, "enter")
        assert session.verdicts == {"task-1": "correct", "task-3": "correct"}
        assert isinstance(pilot.app.screen, AnnotateScreen)
        assert session.current is not None
        assert session.current.id == "task-2"
        assert "1 question of the page comes alone: no drawing." in text_of(pilot.app.screen)


async def test_a_reading_written_otherwise_stands_beside_its_drawing(running: Running, clock: Clock) -> None:
    first, second = task(1, {"text": "⌀8"}), task(2, {"text": "⌀8"})
    session = PagedSession([first, second])
    object.__setattr__(second, "predicted_value", {"text": "⌀8"})
    async with running(session, size=(120, 40)) as pilot:
        page_of(pilot).tiles[1].task_shown = task(2, {"text": "dia 8.0"})
        page_of(pilot)._show_marks()
        await settle(pilot)
        assert "read: dia 8.0" in text_of(pilot.app.screen)


async def test_a_page_is_never_larger_than_the_terminal_and_marks_survive_a_resize(
    running: Running, clock: Clock
) -> None:
    session = PagedSession(equal_ones(*range(1, 25)))
    async with running(session, size=(200, 60)) as pilot:
        await settle(pilot)
        many = len(page_of(pilot).tiles)
        await press(pilot, clock, "space")
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        page = page_of(pilot)
        assert 2 <= len(page.tiles) < many
        assert all(tile.sheet.region.bottom <= 23 for tile in page.tiles)
        assert text_of(page).count("✗ WRONG") == 1
        n_shown = len(page.tiles)
        await press(pilot, clock, "enter")
        assert len(session.answers) == n_shown, "only what was seen"
        assert session.paged.limits[-1] == tiles_that_fit(80, 24)


async def test_where_two_drawings_have_no_room_questions_come_one_by_one(running: Running) -> None:
    session = PagedSession(equal_ones(1, 2, 3))
    async with running(session, size=(48, 14)) as pilot:
        await settle(pilot)
        assert isinstance(pilot.app.screen, AnnotateScreen)
        assert session.current is not None


async def test_one_by_one_by_a_key(running: Running, clock: Clock) -> None:
    session = PagedSession(equal_ones(1, 2))
    async with running(session, size=(120, 40)) as pilot:
        await press(pilot, clock, "o", "s", "a")
        assert session.verdicts == {"task-1": "incorrect", "task-2": "correct"}


async def test_a_full_disk_leaves_the_page_as_it_was(running: Running, clock: Clock) -> None:
    session = PagedSession(equal_ones(1, 2))
    async with running(session, size=(120, 40)) as pilot:
        await press(pilot, clock, "space")
        session.fails = OutboxError("The disk is full.", "Make room.")
        await press(pilot, clock, "enter")
        shown = text_of(page_of(pilot))
        assert "NOT saved" in shown
        assert shown.count("✗ WRONG") == 1
        session.fails = None
        await press(pilot, clock, "enter")
        assert session.verdicts == {"task-1": "incorrect", "task-2": "correct"}


async def test_an_answer_of_the_history_is_asked_again_before_the_page(running: Running, clock: Clock) -> None:
    session = PagedSession(equal_ones(1, 2))
    earlier = task(9, {"text": "R5"}, prompt="And this one?")
    session.past = [Decided(earlier, Decision("correct"), SendState.SENT, number=7)]
    async with running(session, size=(120, 40)) as pilot:
        await press(pilot, clock, "h", "a")
        assert isinstance(pilot.app.screen, AnnotateScreen)
        assert "And this one?" in text_of(pilot.app.screen)
        await press(pilot, clock, "s")
        assert session.verdicts == {"task-9": "incorrect"}
        assert len(page_of(pilot).tiles) == 2


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (52, 20), (40, 12)])
def test_no_shape_is_larger_than_the_terminal(size: tuple[int, int]) -> None:
    tasks = equal_ones(*range(24))
    shape = crop_grid(tasks, size[0], room_for_tiles(size[1]), Viewport())
    assert shape.n_tiles <= tiles_that_fit(*size) <= 24
    if shape.n_tiles:
        columns, rows = crop_cells(shape, size[0], room_for_tiles(size[1]))
        assert columns >= 20
        assert rows >= 5

"""Task arranger: chooses the arrangement of each task of a pane; knows its drawing's size before the layout."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from gonogo.desk.core.models import DeskTask
from gonogo.sheets.models import NoPicture, Picture
from gonogo.tui.layout.arrangement import Arrangement, Edges, Panel, SteadyArrangement, TaskRoom
from gonogo.tui.layout.text_size import PAGE, Ink
from gonogo.tui.viewport import Viewport

Sheet = tuple[str, str, float]
Key = TypeVar("Key")
Value = TypeVar("Value")
_MOST = 64  # pages, and texts, that are remembered


def sheet_of(task: DeskTask) -> Sheet:
    """Returns the identity of a task's sheet: revision, part, page."""
    page = task.bbox[4] if task.bbox is not None and len(task.bbox) > 4 else 1.0
    return task.part_revision_id or "", dict(task.links).get("part", ""), page


class TaskArranger:
    """Arrangement of a pane with the room it has, the task it was chosen for, and the pages that were shown."""

    def __init__(self, panel: Panel) -> None:
        self.room = TaskRoom(0, 0, panel)
        self._steady = SteadyArrangement()
        self._task_id = ""
        self._pages: dict[Sheet, tuple[float, float]] = {}
        self._inks: dict[str, Ink] = {}

    @property
    def arrangement(self) -> Arrangement:
        return self._steady.arrangement

    @property
    def cells(self) -> tuple[int, int]:
        """Columns and rows of the drawing, also before it is laid out."""
        return self.room.cells(self.arrangement)

    @property
    def edges(self) -> Edges:
        """Edges of the drawing's frame."""
        return self.room.edges(self.arrangement)

    def take_room(self, width: int, height: int) -> None:
        """Takes the size of the pane; a new one starts the choice anew."""
        room = replace(self.room, width=width, height=height)
        if room != self.room:
            self.room, self._steady, self._task_id = room, SteadyArrangement(), ""

    def choose(self, task: DeskTask, view: Viewport) -> None:
        """Chooses the arrangement of a task that is shown next; once for each."""
        if task.id != self._task_id:
            self._steady, self._task_id = self._next(task, view), task.id

    def next_for(self, task: DeskTask, view: Viewport) -> Arrangement:
        """Returns the arrangement of a task if it is shown next, or is shown now."""
        return (self._steady if task.id == self._task_id else self._next(task, view)).arrangement

    def moves(self, task: DeskTask, view: Viewport) -> bool:
        """Returns whether the parts change their places when a task is shown next."""
        return self.next_for(task, view) is not self.arrangement

    def remember(self, task: DeskTask, picture: Picture | NoPicture | None) -> None:
        """Keeps what a picture says: the size of its page (boxes in fractions have no shape without) and its ink."""
        if not isinstance(picture, Picture):
            return
        self._pages = _with(self._pages, sheet_of(task), picture.page_size)
        if picture.ink is not None:
            self._inks = _with(self._inks, task.id, Ink(*picture.ink))

    def _next(self, task: DeskTask, view: Viewport) -> SteadyArrangement:
        page = self._pages.get(sheet_of(task)) or next(reversed(self._pages.values()), PAGE)
        return self._steady.after(task, view.reset(), self.room, page, self._inks.get(task.id))


def _with(kept: dict[Key, Value], key: Key, value: Value) -> dict[Key, Value]:
    """Returns the entries with a newest one, without the oldest of too many."""
    newest = [(name, each) for name, each in kept.items() if name != key][1 - _MOST :]
    return {**dict(newest), key: value}

"""Picture cache of a session: renders the pictures of its tasks before a screen asks for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Protocol

from gonogo.desk.core.clock import Clock
from gonogo.desk.core.models import DeskTask
from gonogo.sheets.models import DrawingAddress, NoPicture, Picture, PictureRequest, SheetRef
from gonogo.sheets.sheet_text import SheetText

MOST_TIMED = 8
MOST_SHEETS, MOST_BOXES = 30, 300
TaskPicture = tuple[PictureRequest, Picture | NoPicture]
Form = Callable[[DeskTask], PictureRequest]
"""Request of a task's picture as the screen will show it."""
AskUrl = Callable[[str], Awaitable[DrawingAddress]]


class PictureSource(Protocol):
    """Pictures by task, as screens ask for them; `PictureCache` is one."""

    async def picture(self, task: DeskTask, request: PictureRequest) -> Picture | NoPicture:
        """The task's drawing; from the cache at once when it was made ahead. Never raises for a bad drawing."""
        ...

    def ready(self, task: DeskTask, request: PictureRequest) -> Picture | NoPicture | None:
        """The picture if it is already there, so that a verdict and the next crop paint in one frame."""
        ...

    def prepare(self, form: Form) -> None:
        """Makes pictures ahead in this form from now on: the pane's size, mode or arrangement has changed."""
        ...

    async def export(self, task: DeskTask, request: PictureRequest) -> Path | NoPicture:
        """The view at full resolution in a file for another program. Raises `OSError`."""
        ...

    async def text(self, task: DeskTask, page: int, query: str = "") -> SheetText | NoPicture:
        """What the text layer of the task's drawing says; see `SheetText`. Never raises for a bad drawing."""
        ...

    def others(self, task: DeskTask) -> tuple[tuple[float, ...], ...]:
        """Boxes of the other tasks on the task's drawing that this session has met, as they were served."""
        ...


class DrawingSource(Protocol):
    """Pictures by sheet; `gonogo.sheets.drawing_service.DrawingService` is one."""

    async def picture(self, ref: SheetRef, request: PictureRequest) -> Picture | NoPicture: ...
    def picture_ready(self, ref: SheetRef, request: PictureRequest) -> Picture | NoPicture | None: ...
    def prepare(self, ref: SheetRef, request: PictureRequest) -> None: ...
    async def export_png(self, ref: SheetRef, request: PictureRequest) -> Path | NoPicture: ...
    async def text(self, ref: SheetRef, page: int, query: str = "") -> SheetText | NoPicture: ...
    async def aclose(self) -> None: ...


class OnDrawn(Protocol):
    """Callback with the seconds one picture took; `at_most` when it was ready before it was asked for."""

    def __call__(self, seconds: float, *, at_most: bool) -> None: ...


class PictureCache:
    """Pictures by task and request, prefetched; one restored from the last run needs no drawing to be opened.

    `open_drawings` is called at the first picture that is not restored, so that the first question does not wait for
    it. `upcoming` gives the tasks whose pictures are wanted next.
    """

    def __init__(
        self,
        open_drawings: Callable[[], DrawingSource],
        upcoming: Callable[[], Iterable[DeskTask]],
        *,
        clock: Clock | None = None,
        on_drawn: OnDrawn | None = None,
    ) -> None:
        self._open_drawings = open_drawings
        self._upcoming = upcoming
        self._opened: DrawingSource | None = None
        self._clock, self._on_drawn = clock or Clock(), on_drawn
        self._started: dict[str, float] = {}
        self._form: Form | None = None
        self._boxes: dict[str, dict[tuple[float, ...], None]] = {}
        self._restored: tuple[str, PictureRequest, Picture | NoPicture] | None = None

    def note(self, *tasks: DeskTask) -> None:
        """Remembers the boxes of tasks, of which none may be asked for."""
        for task in tasks:
            if task.part_revision_id is not None and task.bbox is not None:
                boxes = self._boxes.pop(task.part_revision_id, {})
                boxes[task.bbox] = None
                self._boxes = {**dict(list(self._boxes.items())[1 - MOST_SHEETS :]), task.part_revision_id: boxes}

    def others(self, task: DeskTask) -> tuple[tuple[float, ...], ...]:
        """See `PictureSource.others`."""
        boxes = self._boxes.get(task.part_revision_id or "", {})
        return tuple(sorted(box for box in list(boxes)[-MOST_BOXES:] if box != task.bbox))

    async def text(self, task: DeskTask, page: int, query: str = "") -> SheetText | NoPicture:
        """See `PictureSource.text`."""
        return await self._drawings.text(_ref(task), page, query)

    async def picture(self, task: DeskTask, request: PictureRequest) -> Picture | NoPicture:
        """See `PictureSource.picture`."""
        self.note(task)
        picture = self._restored_picture(task, request) or await self._drawings.picture(_ref(task), request)
        self._measure(task, at_most=False)
        return picture

    def ready(self, task: DeskTask, request: PictureRequest) -> Picture | NoPicture | None:
        """See `PictureSource.ready`."""
        self.note(task)
        picture = self._restored_picture(task, request) or self._drawings.picture_ready(_ref(task), request)
        if picture is not None:
            self._measure(task, at_most=True)
        return picture

    async def export(self, task: DeskTask, request: PictureRequest) -> Path | NoPicture:
        """See `PictureSource.export`."""
        return await self._drawings.export_png(_ref(task), request)

    def prepare(self, form: Form) -> None:
        """See `PictureSource.prepare`."""
        self._form = form
        for task in self._upcoming():
            self.add(task)

    def add(self, task: DeskTask) -> None:
        """Starts to make the picture of a task that was prefetched, once the form is known."""
        self.note(task)
        if self._form is not None:
            self._started = {**dict(list(self._started.items())[-MOST_TIMED:]), task.id: self._clock.monotonic()}
            self._drawings.prepare(_ref(task), self._form(task))

    def restore(self, task_id: str, saved: TaskPicture) -> None:
        """Takes over the picture that the last run has saved."""
        self._restored = (task_id, *saved)

    def to_save(self, task: DeskTask) -> TaskPicture | None:
        """The task's picture in the usual form, if it was made."""
        if self._form is None:
            return None
        request = self._form(task)
        picture = self.ready(task, request)
        return (request, picture) if picture is not None else None

    async def aclose(self) -> None:
        """Closes the drawings, if they were opened."""
        if self._opened is not None:
            await self._opened.aclose()

    @property
    def _drawings(self) -> DrawingSource:
        if self._opened is None:
            self._opened = self._open_drawings()
        return self._opened

    def _measure(self, task: DeskTask, *, at_most: bool) -> None:
        """Reports how long the first picture of a task took."""
        started = self._started.pop(task.id, None)
        if started is not None and self._on_drawn is not None:
            self._on_drawn(self._clock.monotonic() - started, at_most=at_most)

    def _restored_picture(self, task: DeskTask, request: PictureRequest) -> Picture | NoPicture | None:
        if self._restored is None:
            return None
        task_id, restored_request, picture = self._restored
        return picture if task_id == task.id and restored_request == request else None


def _ref(task: DeskTask) -> SheetRef:
    return SheetRef(part_revision_id=task.part_revision_id)

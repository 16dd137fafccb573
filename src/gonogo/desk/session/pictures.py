"""The drawings of the tasks on the desk and ahead, made before they are asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from gonogo.desk.connection.protocol import UrlAnswer
from gonogo.desk.core.clock import Clock
from gonogo.desk.core.models import DeskTask
from gonogo.sheets.models import NoPicture, Picture, PictureRequest, SheetRef

MOST_BEGUN = 8
Seen = tuple[PictureRequest, Picture | NoPicture]


class PictureSource(Protocol):
    """Where pictures come from; `gonogo.sheets.drawing_service.Sheets` is one."""

    async def picture(self, ref: SheetRef, request: PictureRequest) -> Picture | NoPicture: ...
    def picture_ready(self, ref: SheetRef, request: PictureRequest) -> Picture | NoPicture | None: ...
    def prepare(self, ref: SheetRef, request: PictureRequest) -> None: ...
    async def export_png(self, ref: SheetRef, request: PictureRequest) -> Path | NoPicture: ...
    async def aclose(self) -> None: ...


AskUrl = Callable[[str], Awaitable[UrlAnswer]]


class Took(Protocol):
    """Told how long a picture took, in seconds."""

    def __call__(self, seconds: float, *, at_most: bool) -> None: ...


class PictureCache:
    """Pictures by task and request; one remembered from the last run is there before any drawing is opened."""

    def __init__(self, make: Callable[[], PictureSource], clock: Clock | None = None, took: Took | None = None) -> None:
        self._make = make
        self._made: PictureSource | None = None
        self._clock, self._took = clock or Clock(), took
        self._begun: dict[str, float] = {}
        self._form: PictureRequest | None = None
        self._remembered: tuple[str, PictureRequest, Picture | NoPicture] | None = None

    @property
    def _drawings(self) -> PictureSource:
        """Made when the first picture is asked for that is not remembered: the first question does not wait for it."""
        if self._made is None:
            self._made = self._make()
        return self._made

    def remember(self, task_id: str, seen: Seen) -> None:
        self._remembered = (task_id, *seen)

    async def picture(self, task: DeskTask, request: PictureRequest) -> Picture | NoPicture:
        picture = self._old(task, request) or await self._drawings.picture(_ref(task), request)
        self._measure(task, at_most=False)
        return picture

    def ready(self, task: DeskTask, request: PictureRequest) -> Picture | NoPicture | None:
        picture = self._old(task, request) or self._drawings.picture_ready(_ref(task), request)
        if picture is not None:
            self._measure(task, at_most=True)
        return picture

    async def export(self, task: DeskTask, request: PictureRequest) -> Path | NoPicture:
        return await self._drawings.export_png(_ref(task), request)

    def prepare(self, form: PictureRequest, tasks: Iterable[DeskTask]) -> None:
        """Make the pictures of `tasks`, and of all that arrive from now on, in this form."""
        self._form = form
        for task in tasks:
            self.arrived(task)

    def arrived(self, task: DeskTask) -> None:
        """A task came ahead: begin to make its picture, once the form is known."""
        if self._form is not None:
            self._begun = {**dict(list(self._begun.items())[-MOST_BEGUN:]), task.id: self._clock.monotonic()}
            self._drawings.prepare(_ref(task), replace(self._form, bbox=task.bbox))

    def seen(self, task: DeskTask) -> Seen | None:
        """The task's picture in the usual form, if it was made; to be remembered."""
        if self._form is None:
            return None
        request = replace(self._form, bbox=task.bbox)
        picture = self.ready(task, request)
        return (request, picture) if picture is not None else None

    async def aclose(self) -> None:
        if self._made is not None:
            await self._made.aclose()

    def _measure(self, task: DeskTask, *, at_most: bool) -> None:
        """How long the first picture of a task took; `at_most` when it was ready before it was asked for."""
        begun = self._begun.pop(task.id, None)
        if begun is not None and self._took is not None:
            self._took(self._clock.monotonic() - begun, at_most=at_most)

    def _old(self, task: DeskTask, request: PictureRequest) -> Picture | NoPicture | None:
        if self._remembered is None:
            return None
        task_id, asked, picture = self._remembered
        return picture if task_id == task.id and asked == request else None


class Viewing:
    """The part of a desk that shows drawings. `_gallery` makes them; `_coming` are the tasks ahead."""

    _gallery: PictureCache

    def _coming(self) -> list[DeskTask]:
        raise NotImplementedError

    async def picture(self, task: DeskTask, request: PictureRequest) -> Picture | NoPicture:
        """The task's drawing; from the cache at once when it was made ahead. Never raises for a bad drawing."""
        return await self._gallery.picture(task, request)

    def picture_ready(self, task: DeskTask, request: PictureRequest) -> Picture | NoPicture | None:
        """The picture if it is already there, so that a verdict and the next crop paint in one frame."""
        return self._gallery.ready(task, request)

    async def export(self, task: DeskTask, request: PictureRequest) -> Path | NoPicture:
        """The view at full resolution in a file for another program. Raises `OSError`."""
        return await self._gallery.export(task, request)

    def prepare(self, request: PictureRequest) -> None:
        """The pane's size and mode changed: make crops ahead in this form from now on."""
        self._gallery.prepare(request, self._coming())


def _ref(task: DeskTask) -> SheetRef:
    return SheetRef(part_revision_id=task.part_revision_id)

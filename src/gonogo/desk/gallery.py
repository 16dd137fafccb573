"""The drawings of the tasks on the desk and ahead, made before they are asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from gonogo.desk.remote_types import UrlAnswer
from gonogo.desk.types import DeskTask
from gonogo.sheets.types import NoPicture, Picture, PictureRequest, SheetRef

Seen = tuple[PictureRequest, Picture | NoPicture]


class Drawings(Protocol):
    """Where pictures come from; `gonogo.sheets.library.Sheets` is one."""

    async def picture(self, ref: SheetRef, request: PictureRequest) -> Picture | NoPicture: ...
    def picture_ready(self, ref: SheetRef, request: PictureRequest) -> Picture | NoPicture | None: ...
    def prepare(self, ref: SheetRef, request: PictureRequest) -> None: ...
    async def export_png(self, ref: SheetRef, request: PictureRequest) -> Path | NoPicture: ...
    async def aclose(self) -> None: ...


AskUrl = Callable[[str], Awaitable[UrlAnswer]]


class Gallery:
    """Pictures by task and request; one remembered from the last run is there before any drawing is opened."""

    def __init__(self, drawings: Drawings) -> None:
        self._drawings = drawings
        self._form: PictureRequest | None = None
        self._remembered: tuple[str, PictureRequest, Picture | NoPicture] | None = None

    def remember(self, task_id: str, seen: Seen) -> None:
        self._remembered = (task_id, *seen)

    async def picture(self, task: DeskTask, request: PictureRequest) -> Picture | NoPicture:
        return self._old(task, request) or await self._drawings.picture(_ref(task), request)

    def ready(self, task: DeskTask, request: PictureRequest) -> Picture | NoPicture | None:
        return self._old(task, request) or self._drawings.picture_ready(_ref(task), request)

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
            self._drawings.prepare(_ref(task), replace(self._form, bbox=task.bbox))

    def seen(self, task: DeskTask) -> Seen | None:
        """The task's picture in the usual form, if it was made; to be remembered."""
        if self._form is None:
            return None
        request = replace(self._form, bbox=task.bbox)
        picture = self.ready(task, request)
        return (request, picture) if picture is not None else None

    async def aclose(self) -> None:
        await self._drawings.aclose()

    def _old(self, task: DeskTask, request: PictureRequest) -> Picture | NoPicture | None:
        if self._remembered is None:
            return None
        task_id, asked, picture = self._remembered
        return picture if task_id == task.id and asked == request else None


def _ref(task: DeskTask) -> SheetRef:
    return SheetRef(part_revision_id=task.part_revision_id)

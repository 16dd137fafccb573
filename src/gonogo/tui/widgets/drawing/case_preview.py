"""Case preview: crop, value and votes of the row under the cursor of the review queue."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual import getters
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Resize
from textual.timer import Timer

from gonogo.desk.core.models import DeskTask
from gonogo.desk.review.models import Case, QueueRow, Ruled
from gonogo.tui import workers
from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.presenters.expert.rulings import preview
from gonogo.tui.presenters.work import annotate
from gonogo.tui.terminal.drawing_mode import TURNED_OFF, DrawingMode
from gonogo.tui.viewport import Viewport
from gonogo.tui.widgets.drawing.sheet_view import SheetView
from gonogo.tui.widgets.scroll_lines import ScrollLines
from gonogo.tui.widgets.task.value_view import ValueView

if TYPE_CHECKING:
    from gonogo.desk.session.task_pictures import PictureSource

PAUSE_SECONDS = 0.12
"""Time that the cursor must stay on a row before its drawing is asked for."""


class CasePreview(Vertical):
    """Preview of one row. Hidden (no size) on a terminal that is too narrow for it; then it asks for no drawing."""

    DEFAULT_CSS = """
    CasePreview { width: 48%; height: 1fr; }
    CasePreview ValueView { height: 14%; min-height: 4; max-height: 8; padding: 0 1; }
    CasePreview ScrollLines { height: 30%; min-height: 6; max-height: 14; padding: 0 1; }
    """

    gonogo = AppGetter()
    sheet = getters.query_one(SheetView)
    value = getters.query_one(ValueView)
    votes = getters.query_one(ScrollLines)

    def __init__(self, pictures: PictureSource, picture_mode: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._pictures = pictures
        self._picture_mode = picture_mode
        self._view = Viewport()
        self._shown: DeskTask | None = None
        self._pause: Timer | None = None
        self._unsubscribe: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        yield SheetView()
        yield ValueView()
        yield ScrollLines()

    def on_mount(self) -> None:
        self._mode = DrawingMode(self.gonogo.terminal, self._picture_mode, color=not self.app.no_color)
        self._unsubscribe = self.gonogo.terminal.subscribe(self._draw_soon)

    def on_unmount(self) -> None:
        self._unsubscribe()

    def on_resize(self, event: Resize) -> None:
        self._draw_soon()

    def show(self, row: QueueRow, case: Case | None, ruled: Ruled | None) -> None:
        """Shows a row; `case` holds its votes, once they are there."""
        self.votes.show(partial(preview, row, case, ruled))
        if self._shown is None or row.task.id != self._shown.id:
            self._shown = row.task
            self.value.show(row.task.predicted_value)
            self.sheet.show(None, "")
            self._draw_soon()

    def _draw_soon(self) -> None:
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE_SECONDS, self._start_drawing)

    def _start_drawing(self) -> None:
        if self._shown is not None and min(self.sheet.cells) > 0:
            workers.start_exclusive(self, self._draw, self._shown, group="preview")

    async def _draw(self, task: DeskTask) -> None:
        view = self._mode.apply(self._view)
        request = view.request(task, self.sheet.cells)
        picture = TURNED_OFF if self._mode.turned_off else await self._pictures.picture(task, request)
        if self._shown is task:
            self.sheet.show(picture, annotate.sheet_title(task, picture, view), task.bbox)

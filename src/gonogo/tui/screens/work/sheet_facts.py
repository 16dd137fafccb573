"""Sheet facts: general tolerance class and unit of the sheet, in a line beside the value of a question."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content

from gonogo.desk.core.models import DeskTask
from gonogo.sheets.sheet_text import SheetText
from gonogo.tui import workers
from gonogo.tui.presenters.common.subject import page_of
from gonogo.tui.presenters.work.whole_sheet import facts_line
from gonogo.tui.widgets.task.task_pane import TaskPane

_MOST = 50


class SheetFacts:
    """Facts of the sheets that `pane` shows, each read once, behind the drawing.

    `on_read` is called when the line of the question on the screen may have changed.
    """

    def __init__(self, pane: Callable[[], TaskPane], on_read: Callable[[], None]) -> None:
        self._pane, self._on_read = pane, on_read
        self._read: dict[tuple[str, int], SheetText | None] = {}

    def line(self, task: DeskTask, unit: str) -> Content:
        """Line for `task`; empty until its sheet is read, and where nothing is sure. `unit` is the campaign's."""
        if task.part_revision_id is None:
            return Content("")
        sheet = task.part_revision_id, page_of(task)
        if sheet not in self._read:
            workers.start_exclusive(self._pane(), self._read_sheet, task, sheet, group="facts")
        text = self._read.get(sheet)
        return facts_line(task, text, unit) if text is not None else Content("")

    async def _read_sheet(self, task: DeskTask, sheet: tuple[str, int]) -> None:
        pane = self._pane()
        if min(pane.cells) <= 0 or pane.mode.turned_off:
            return
        await pane.pictures.picture(task, pane.view.request(task, pane.cells))  # the drawing comes first
        text = await pane.pictures.text(task, sheet[1])
        self._read = {
            **dict(list(self._read.items())[1 - _MOST :]),
            sheet: text if isinstance(text, SheetText) else None,
        }
        self._on_read()

"""Crop tile: the drawing of one task on a page of equal values, with the mark of its answer."""

from __future__ import annotations

from textual import getters
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from gonogo.desk.core.models import DeskTask
from gonogo.schemas.verdicts import Verdict
from gonogo.tui.widgets.drawing.sheet_view import SheetView
from gonogo.tui.widgets.status_bar import StatusLine


class CropTile(Vertical):
    """Tile of a page. `verdict` is what the page key answers; `unseen` why it can't be judged here, in words."""

    DEFAULT_CSS = """
    CropTile { height: 1fr; }
    CropTile .mark { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    CropTile.-here .mark { background: $raised; }
    """

    sheet = getters.query_one(SheetView)
    mark = getters.query_one(".mark", StatusLine)

    class Clicked(Message):
        """Message: the tile was clicked."""

        def __init__(self, tile: CropTile) -> None:
            super().__init__()
            self.tile = tile

    def __init__(self, task: DeskTask, verdict: str = Verdict.CORRECT) -> None:
        super().__init__()
        self.task_shown = task
        self.verdict = verdict
        self.unseen = ""

    def compose(self) -> ComposeResult:
        yield SheetView()
        yield StatusLine(classes="mark")

    def show_mark(self, mark: Content, *, at_cursor: bool) -> None:
        """Shows the line below the crop."""
        self.mark.show(mark)
        self.set_class(at_cursor, "-here")

    def on_click(self) -> None:
        self.post_message(self.Clicked(self))

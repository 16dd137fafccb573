"""Review tile: a task of the review queue among others on a page, with its crop, its value and its caption."""

from __future__ import annotations

from textual import getters
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from gonogo.desk.review.models import QueueRow
from gonogo.tui.widgets.drawing.sheet_view import SheetView
from gonogo.tui.widgets.status_bar import StatusLine
from gonogo.tui.widgets.task.value_view import ValueView

NO_MARK = ""


class ReviewTile(Vertical):
    """Tile of a page. `mark` is what a key for this one alone said; the screen of the page knows its words."""

    sheet = getters.query_one(SheetView)
    value = getters.query_one(ValueView)
    caption = getters.query_one(".said", StatusLine)

    class Clicked(Message):
        """Message: the tile was clicked."""

        def __init__(self, tile: ReviewTile) -> None:
            super().__init__()
            self.tile = tile

    def __init__(self, row: QueueRow) -> None:
        super().__init__()
        self.row = row
        self.mark = NO_MARK
        self.drawn = False
        """Whether the crop is shown, and not a reason why there is none."""
        self.too_small = False
        """Whether the crop can't be read in this tile."""

    def compose(self) -> ComposeResult:
        yield SheetView()
        yield ValueView()
        yield StatusLine(classes="said")

    def on_mount(self) -> None:
        self.value.show(self.row.task.predicted_value)

    @property
    def unseen(self) -> str:
        """What of the tile can't be seen, in words; empty when crop and value can be read."""
        if min(self.sheet.cells) <= 0:
            return "no room here"
        if self.sheet.shown is None:
            return "loading"
        if not self.drawn:
            return "no drawing"
        if self.row.task.bbox is None:
            return "no place on the drawing"
        if self.too_small:
            return "too small here"
        return "value doesn't fit" if self.value.is_cut else ""

    @property
    def caption_width(self) -> int:
        return self.caption.content_size.width

    def show_caption(self, caption: Content, *, at_cursor: bool) -> None:
        """Shows the lines below the value."""
        self.caption.show(caption)
        self.set_class(at_cursor, "-here")

    def on_click(self) -> None:
        self.post_message(self.Clicked(self))

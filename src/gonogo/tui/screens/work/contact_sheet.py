"""Several crops with their values at a time: strike the wrong ones, Enter rules on the page."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import getters
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.events import Key, Paste
from textual.screen import Screen
from textual.widgets import Static

from gonogo.desk.core.errors import DeskError
from gonogo.desk.review.models import QueueRow, Ruling
from gonogo.tui import actions, workers
from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.key_guard import KeyGuard
from gonogo.tui.presenters import empty_state
from gonogo.tui.presenters.format import percent, value_text
from gonogo.tui.presenters.queue import votes_text
from gonogo.tui.terminal import capabilities
from gonogo.tui.text import styled
from gonogo.tui.viewport import Viewport
from gonogo.tui.widgets import status as lines
from gonogo.tui.widgets.sheet_view import SheetView
from gonogo.tui.widgets.status import StatusBar, StatusLine

if TYPE_CHECKING:
    from gonogo.desk.core.settings import Settings
    from gonogo.desk.review.session import ReviewSession

TILE_COLUMNS, TILE_ROWS = 36, 15
RIGHT, STRUCK, LEFT_OUT = "right", "struck", "left out"
_SIGNS = {RIGHT: ("✓ right", "$correct"), STRUCK: ("✗ WRONG", "$incorrect"), LEFT_OUT: ("– left out", "$quiet")}


class Tile(Vertical):
    """One crop, its value, and what Enter will say of it."""

    sheet = getters.query_one(SheetView)
    said = getters.query_one(".said", StatusLine)

    def __init__(self, row: QueueRow) -> None:
        super().__init__()
        self.row = row
        self.mark = RIGHT

    def compose(self) -> ComposeResult:
        yield SheetView()
        yield StatusLine(classes="said")

    def tell(self, here: bool) -> None:
        """Show value, mark and whether the cursor is here; each by a sign or word."""
        word, color = _SIGNS[self.mark]
        value = value_text(self.row.task.predicted_value, 60) or "no value"
        known = votes_text(self.row)
        if self.row.confidence is not None:
            known += f"  prediction sure {percent(self.row.confidence)}"
        self.said.show(
            Content.assemble(
                ("▸ " if here else "  ", "bold $accent"),
                styled(value, "bold $strong"),
                "\n  ",
                (word, f"bold {color}"),
                "   ",
                (known, "$quiet"),
            )
        )
        self.set_class(here, "-here")


class ContactSheetScreen(Screen[None]):
    """Pages of the review queue from a row on. Each tile becomes a ruling of its own."""

    CSS_PATH = "contact_sheet.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.CONTACT.bindings()]
    ACTION_SCOPES = (actions.CONTACT,)
    AUTO_FOCUS = ""

    status = getters.query_one("#status", StatusBar)
    grid = getters.query_one("#grid", Container)
    words = getters.query_one("#words", Static)
    keys = getters.query_one("#keys", StatusLine)

    def __init__(self, desk: ReviewSession, start: int, clock: Callable[[], float], profile: Settings) -> None:
        super().__init__()
        self.desk = desk
        self.guard = KeyGuard(clock, profile.guard_ms / 1000, profile.burst_ms / 1000)
        self._start = start
        self._mode = profile.picture_mode
        self._at = 0
        self._columns = 1
        self._tiles: list[Tile] = []
        self._shape: tuple[int, int] | None = None
        self._pages: list[int] = []
        self._unsubscribe: Callable[[], None] = lambda: None

    gonogo = AppGetter()

    def compose(self) -> ComposeResult:
        yield StatusBar(id="status")
        yield Container(id="grid")
        with Container(id="card"):
            yield Static(id="words", markup=False)
        yield StatusLine(id="keys")

    def on_mount(self) -> None:
        self._unsubscribe = self.desk.subscribe(self._desk_changed)
        self._desk_changed()

    def on_unmount(self) -> None:
        self._unsubscribe()

    def on_resize(self) -> None:
        width, height = self.app.size
        shape = max(width // TILE_COLUMNS, 1), max((height - 2) // TILE_ROWS, 1)
        if shape != self._shape:
            self._shape = shape
            workers.begin(self, self._show_page, group="page")
        self._show_keys()

    def _desk_changed(self) -> None:
        self.status.tell(self.desk.state)

    # --- one page --------------------------------------------------------------------------------------

    async def _show_page(self) -> None:
        """The next rows that wait, and their crops as they come; Enter counts when all can be seen."""
        self.guard.hold()
        across, down = self._shape or (1, 1)
        rows = self.desk.waiting(self._start, across * down)
        self._columns, self._at = across, 0
        await self.grid.remove_children()
        self._tiles = [Tile(row) for row in rows]
        self.grid.styles.grid_size_columns = across
        self.grid.styles.grid_size_rows = down
        self.set_class(not rows, "-card")
        self.words.update(self._nothing())
        await self.grid.mount_all(self._tiles)
        self._tell()
        self.call_after_refresh(lambda: workers.begin(self, self._draw, group="draw"))

    async def _draw(self) -> None:
        mode = capabilities.mode_of(self._mode, os.environ, color=not self.app.no_color)
        view = Viewport(mode=mode)
        for number, tile in enumerate(self._tiles, 1):
            task, cells = tile.row.task, tile.sheet.cells
            if min(cells) > 0:
                picture = await self.desk.pictures.picture(task, view.request(task, cells))
                tile.sheet.show(picture, f"{number} · {task.detail_kind or task.target_kind}")
        self.call_after_refresh(self.guard.painted)

    def _tell(self) -> None:
        for place, tile in enumerate(self._tiles):
            tile.tell(place == self._at)
        self._show_keys()

    def _nothing(self) -> Content:
        heading = empty_state.heading("✓", "$correct", "Nothing waits in this list")
        step = "u takes the last page back, Esc goes back to the list."
        return Content("\n\n").join([heading, Content.styled(step, "$foreground")])

    def _show_keys(self) -> None:
        lines.show_keys(self.keys, actions.CONTACT)

    # --- keys ------------------------------------------------------------------------------------------

    def on_key(self, event: Key) -> None:
        if self.guard.pressed():
            self.action_undo()

    def on_paste(self, event: Paste) -> None:
        event.stop()

    def action_move(self, x: int, y: int) -> None:
        place = self._at + x + y * self._columns
        if 0 <= place < len(self._tiles):
            self._at = place
            self._tell()

    def action_strike(self) -> None:
        self._mark(STRUCK)

    def action_leave_out(self) -> None:
        self._mark(LEFT_OUT)

    def _mark(self, mark: str) -> None:
        if self._tiles:
            tile = self._tiles[self._at]
            tile.mark = RIGHT if tile.mark == mark else mark
            self._tell()

    def action_confirm(self) -> None:
        if not self._tiles or not self.guard.counts:
            return
        made = 0
        try:
            for tile in self._tiles:
                if tile.mark != LEFT_OUT:
                    self.desk.rule_row(tile.row, Ruling("incorrect" if tile.mark == STRUCK else "correct"))
                    made += 1
        except (OSError, DeskError) as error:
            step = getattr(error, "next_step", "") or "Make room on the disk, then press Enter again."
            self.gonogo.say(f"{made} of this page are saved, the others not: {error}\n{step}", error=True, seconds=15)
        else:
            self.guard.decided()
        self._pages.append(made)
        self._after_page()
        workers.begin(self, self._show_page, group="page")

    def _after_page(self) -> None:
        """The next page begins behind this one, so that what was left out does not come again at once."""
        places = [self.desk.queue.find(tile.row.task.id) for tile in self._tiles]
        self._start = max((place for place in places if place is not None), default=-1) + 1
        if self._start >= self.desk.queue.loaded:
            self._start = 0

    def action_undo(self) -> None:
        """Take the last page back, as far as it has not left the desk."""
        count = self._pages.pop() if self._pages else 0
        undone = 0
        try:
            while undone < count and (found := self.desk.undo(show=False)) is not None:
                undone += 1
                self._start = self.desk.queue.find(found[0].id) or 0
        except DeskError as error:
            self.gonogo.say(f"{error} {error.next_step}", error=True, seconds=15)
        if undone:
            workers.begin(self, self._show_page, group="page")
        gone = f"; {count - undone} have left the desk" if undone < count else ""
        self.gonogo.say(f"{undone} rulings were taken back{gone}." if count else "There is no page to take back.")

    def action_open(self) -> None:
        from gonogo.tui.screens.work.adjudicate import AdjudicateScreen

        if self._tiles:
            self.desk.open(self.desk.queue.find(self._tiles[self._at].row.task.id))
            self.app.push_screen(
                AdjudicateScreen(self.desk, clock=self.gonogo.clock, profile=self.gonogo.services.profile),
                self._came_back,
            )

    def _came_back(self, _: object) -> None:
        workers.begin(self, self._show_page, group="page")

    def action_list(self) -> None:
        self.dismiss()

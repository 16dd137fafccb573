"""Contact sheet screen: a page of crops with their values and votes.

Enter rules on those whose votes all say the same, and on each that a key has marked. It overrules nobody: an item whose
votes differ keeps waiting until a key for this one item rules on it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.events import Key, Paste
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from gonogo.desk.core.errors import DeskError
from gonogo.desk.review.models import QueueRow, Ruling
from gonogo.schemas.counted_nouns import counted
from gonogo.schemas.verdicts import Verdict
from gonogo.sheets.models import Picture
from gonogo.tui import actions, workers
from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.key_guard import KeyGuard
from gonogo.tui.layout.page_shape import page_shape, shapes
from gonogo.tui.layout.text_size import is_too_small
from gonogo.tui.presenters.common import empty_state
from gonogo.tui.presenters.common.format import verdict_sign
from gonogo.tui.presenters.work.review_queue import answers_text, left_reason, too_small_hint
from gonogo.tui.screens.work.adjudicate import AdjudicateScreen
from gonogo.tui.terminal.drawing_mode import DrawingMode
from gonogo.tui.text import styled
from gonogo.tui.viewport import Viewport
from gonogo.tui.widgets.answer_gate import LEAST_DRAWING, AnswerGate
from gonogo.tui.widgets.key_footer import KeyFooter
from gonogo.tui.widgets.sheet_view import SheetView
from gonogo.tui.widgets.status_bar import StatusBar, StatusLine
from gonogo.tui.widgets.value_view import ValueView

if TYPE_CHECKING:
    from gonogo.desk.core.settings import Settings
    from gonogo.desk.review.session import ReviewSession

BY_VOTES, RIGHT, STRUCK, LEFT_OUT = "by votes", "right", "struck", "left out"
_MARKS = {RIGHT: ("✓ RIGHT", "$correct"), STRUCK: ("✗ WRONG", "$incorrect"), LEFT_OUT: ("– left out", "$quiet")}
_AGREED: dict[str, str] = {Verdict.CORRECT: "right", Verdict.INCORRECT: "wrong", Verdict.UNSURE: "undecidable"}


class Tile(Vertical):
    """Tile of the page: crop of a task, its value, its votes, and the ruling that Enter will make, if any."""

    sheet = getters.query_one(SheetView)
    value = getters.query_one(ValueView)
    caption = getters.query_one(".said", StatusLine)

    class Clicked(Message):
        """Message: the tile was clicked."""

        def __init__(self, tile: Tile) -> None:
            super().__init__()
            self.tile = tile

    def __init__(self, row: QueueRow) -> None:
        super().__init__()
        self.row = row
        self.mark = BY_VOTES
        self.too_small = False
        """Whether the crop can't be read in this tile."""

    def compose(self) -> ComposeResult:
        yield SheetView()
        yield ValueView()
        yield StatusLine(classes="said")

    def on_mount(self) -> None:
        self.value.show(self.row.task.predicted_value)

    def ruling(self) -> Ruling | None:
        """The ruling that Enter makes: the mark, else what all votes say; `None` where they differ."""
        if self.mark == RIGHT:
            return Ruling("correct")
        if self.mark == STRUCK:
            return Ruling("incorrect")
        return self.row.agreed_ruling() if self.mark == BY_VOTES else None

    def show_caption(self, at_cursor: bool, open_key: str) -> None:
        """Shows mark and cursor, each by a sign or word, and the votes or that the crop can't be read here."""
        word, color = self._outcome()
        facts = styled(self._facts(), "$quiet")
        start = Content.assemble(("▸ " if at_cursor else "  ", "bold $accent"), (word, f"bold {color}"), "   ")
        if self.too_small:
            room = self.caption.content_size.width - start.cell_length
            facts = Content.styled(too_small_hint(open_key, room), "$warning")
        self.caption.show(Content.assemble(start, facts))
        self.set_class(at_cursor, "-here")

    def _outcome(self) -> tuple[str, str]:
        """Word and colour of what Enter does here. Capitals: a key for this tile alone was pressed."""
        if self.mark != BY_VOTES:
            return _MARKS[self.mark]
        agreed = self.row.agreed_ruling()
        if agreed is None:
            likely = self.row.likely
            sign = f", {verdict_sign(likely.verdict)[0]}?" if likely is not None else ""
            return f"! {left_reason(self.row)}{sign}", "$warning"
        sign, color = verdict_sign(agreed.verdict)
        return f"{sign} {_AGREED.get(agreed.verdict, agreed.verdict)}", color

    def _facts(self) -> str:
        return answers_text(self.row)

    def on_click(self) -> None:
        self.post_message(self.Clicked(self))


class ContactSheetScreen(Screen[None]):
    """Contact sheet of the review queue, page by page from the row `start` on."""

    CSS_PATH = "contact_sheet.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.CONTACT.bindings()]
    ACTION_SCOPES = (actions.CONTACT,)
    AUTO_FOCUS = ""

    status_bar = getters.query_one("#status", StatusBar)
    grid = getters.query_one("#grid", Container)
    card = getters.query_one("#words", Static)
    keys = getters.query_one("#keys", KeyFooter)

    def __init__(self, session: ReviewSession, start: int, clock: Callable[[], float], profile: Settings) -> None:
        super().__init__()
        self.session = session
        self.guard = KeyGuard(clock, profile.guard_ms / 1000, profile.burst_ms / 1000)
        self.gate = AnswerGate(self, self.guard, lambda: [(tile.sheet, LEAST_DRAWING) for tile in self._tiles])
        self._start = start
        self._mode = profile.picture_mode
        self._cursor = 0
        self._columns = 1
        self._tiles: list[Tile] = []
        self._pages: list[int] = []
        self._unsubscribe: Callable[[], None] = lambda: None

    gonogo = AppGetter()

    def compose(self) -> ComposeResult:
        yield StatusBar(id="status")
        yield Container(id="grid")
        with Container(id="card"):
            yield Static(id="words", markup=False)
        yield KeyFooter()

    def on_mount(self) -> None:
        self._unsubscribe = self.session.subscribe(self._show_status)
        self._show_status()

    def on_unmount(self) -> None:
        self._unsubscribe()

    def on_resize(self) -> None:
        workers.start_exclusive(self, self._resize_page, group="page")
        self._show_keys()

    def _show_status(self) -> None:
        self.status_bar.show_state(self.session.state)

    # --- one page --------------------------------------------------------------------------------------

    async def _resize_page(self) -> None:
        """Shows the page in the terminal's new size; marks and cursor stay on their tiles."""
        at = self._tiles[self._cursor].row.task.id if self._tiles else ""
        marks = {tile.row.task.id: tile.mark for tile in self._tiles}
        await self._show_page()
        for index, tile in enumerate(self._tiles):
            tile.mark = marks.get(tile.row.task.id, BY_VOTES)
            self._cursor = index if tile.row.task.id == at else self._cursor
        self._show_captions()

    async def _show_page(self) -> None:
        """Shows the next open rows and their crops as they arrive; Enter counts once all are painted."""
        self.gate.hold()
        width, height = self.app.size
        height -= 2  # status and keys
        rows = self.session.waiting(self._start, shapes(width, height)[-1].n_tiles)
        shape = page_shape([row.task for row in rows], width, height, self._view())
        self._columns, self._cursor = shape.columns, 0
        await self.grid.remove_children()
        self._tiles = [Tile(row) for row in rows[: shape.n_tiles]]
        self.grid.styles.grid_size_columns = shape.columns
        self.grid.styles.grid_size_rows = shape.lines
        self.set_class(not rows, "-card")
        self.card.update(self._empty())
        await self.grid.mount_all(self._tiles)
        self._show_captions()
        self.call_after_refresh(lambda: workers.start_exclusive(self, self._draw, group="draw"))

    def _view(self) -> Viewport:
        return DrawingMode(self.gonogo.terminal, self._mode, color=not self.app.no_color).apply(Viewport())

    async def _draw(self) -> None:
        view = self._view()
        for number, tile in enumerate(self._tiles, 1):
            task, cells = tile.row.task, tile.sheet.cells
            if min(cells) > 0:
                picture = await self.session.pictures.picture(task, view.request(task, cells))
                tile.sheet.show(picture, f"{number} · {task.detail_kind or task.target_kind}")
                tile.too_small = isinstance(picture, Picture) and is_too_small(picture, view)
        self._show_captions()
        self.call_after_refresh(self.gate.painted)

    def _show_captions(self) -> None:
        open_key = actions.key_name(
            next(iter(actions.keys_of(actions.BY_ID["contact.open"], self.gonogo.own_keys)), "")
        )
        for index, tile in enumerate(self._tiles):
            tile.show_caption(index == self._cursor, open_key)
        self._show_keys()

    def _empty(self) -> Content:
        heading = empty_state.heading("✓", "$correct", "Nothing waits in this list")
        step = "u takes the last page back, Esc goes back to the list."
        return Content("\n\n").join([heading, Content.styled(step, "$foreground")])

    def _show_keys(self) -> None:
        chosen = actions.in_scope(actions.CONTACT, actions.EVERYWHERE)
        self.keys.show_actions(chosen, dimmed=bool(self._tiles) and self.gate.dimmed)

    # --- keys ------------------------------------------------------------------------------------------

    def on_key(self, event: Key) -> None:
        if self.gate.pressed(event):
            self.action_undo()

    def on_paste(self, event: Paste) -> None:
        event.stop()

    def action_move(self, x: int, y: int) -> None:
        index = self._cursor + x + y * self._columns
        if 0 <= index < len(self._tiles):
            self._cursor = index
            self._show_captions()

    @on(Tile.Clicked)
    def _tile_clicked(self, event: Tile.Clicked) -> None:
        """Moves the cursor to a tile; opens the tile that is under the cursor already."""
        at = self._tiles.index(event.tile)
        if at == self._cursor:
            self.action_open()
        else:
            self._cursor = at
            self._show_captions()

    def action_accept(self) -> None:
        self._toggle(RIGHT)

    def action_strike(self) -> None:
        self._toggle(STRUCK)

    def action_leave_out(self) -> None:
        self._toggle(LEFT_OUT)

    def _toggle(self, mark: str) -> None:
        if self._tiles and self.gate.accepts():
            tile = self._tiles[self._cursor]
            tile.mark = BY_VOTES if tile.mark == mark else mark
            self._show_captions()

    def action_confirm(self) -> None:
        if not self._tiles or not self.gate.accepts():
            return
        left = [tile for tile in self._tiles if tile.mark == BY_VOTES and tile.ruling() is None]
        saved = 0
        try:
            for tile in self._tiles:
                ruling = tile.ruling()
                if ruling is not None:
                    self.session.rule_row(tile.row, ruling)
                    saved += 1
        except (OSError, DeskError) as error:
            step = getattr(error, "next_step", "") or "Make room on the disk, then press Enter again."
            self.gonogo.show_notice(
                f"{saved} of this page are saved, the others not: {error}\n{step}", error=True, seconds=15
            )
        else:
            self.guard.answered()
            self._show_left(saved, left)
        if saved:
            self._pages.append(saved)
        # What was left comes first on the next page, unless nothing else was on this one.
        at = self.session.queue.find(left[0].row.task.id) if saved and left else None
        self._start = self._next_start() if at is None else at
        workers.start_exclusive(self, self._show_page, group="page")

    def _show_left(self, saved: int, left: list[Tile]) -> None:
        if not left:
            return
        reasons = ", ".join(dict.fromkeys(left_reason(tile.row) for tile in left))
        keys = "a or s rules one" if saved else "a or s rules one; they come again at the end of the list"
        self.gonogo.show_notice(f"{saved} ruled, {len(left)} left: {reasons}. {keys}.", seconds=6)

    def _next_start(self) -> int:
        """Returns the row after this page, so that tiles left out do not return at once."""
        indices = [self.session.queue.find(tile.row.task.id) for tile in self._tiles]
        start = max((index for index in indices if index is not None), default=-1) + 1
        return start if start < self.session.queue.loaded else 0

    def action_undo(self) -> None:
        """Undoes the rulings of the last page that are still in the undo buffer."""
        count = self._pages.pop() if self._pages else 0
        undone = 0
        try:
            while undone < count and (ruling := self.session.undo(show=False)) is not None:
                undone += 1
                self._start = self.session.queue.find(ruling[0].id) or 0
        except DeskError as error:
            self.gonogo.show_notice(f"{error} {error.next_step}", error=True, seconds=15)
        if undone:
            workers.start_exclusive(self, self._show_page, group="page")
        sent = f"; sent already: {count - undone}" if undone < count else ""
        done = f"Taken back: {counted(undone, 'ruling')}{sent}."
        self.gonogo.show_notice(done if count else "Nothing to take back: no page was ruled on here.")

    def action_open(self) -> None:
        if self._tiles:
            self.session.open(self.session.queue.find(self._tiles[self._cursor].row.task.id))
            self.app.push_screen(
                AdjudicateScreen(self.session, clock=self.gonogo.clock, profile=self.gonogo.services.profile),
                lambda _: workers.start_exclusive(self, self._show_page, group="page"),
            )

    def action_list(self) -> None:
        self.dismiss()

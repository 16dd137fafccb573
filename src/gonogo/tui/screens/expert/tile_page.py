"""Tile page screen: a page of review tiles, never more than can be seen, which one key rules on."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.events import Key, Paste
from textual.screen import Screen
from textual.widgets import Static

from gonogo.desk.core.errors import DeskError
from gonogo.desk.review.models import QueueRow, Ruling
from gonogo.schemas.counted_nouns import counted
from gonogo.sheets.models import Picture
from gonogo.tui import actions, workers
from gonogo.tui.actions import Scope
from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.key_guard import KeyGuard
from gonogo.tui.layout.page_shape import page_shape, shapes
from gonogo.tui.layout.text_size import is_too_small
from gonogo.tui.screens.expert.adjudicate import AdjudicateScreen
from gonogo.tui.terminal.drawing_mode import DrawingMode
from gonogo.tui.viewport import Viewport
from gonogo.tui.widgets.drawing.review_tile import ReviewTile
from gonogo.tui.widgets.key_footer import KeyFooter
from gonogo.tui.widgets.status_bar import StatusBar, StatusLine
from gonogo.tui.widgets.task.answer_gate import LEAST_DRAWING, AnswerGate

if TYPE_CHECKING:
    from gonogo.desk.core.settings import Settings
    from gonogo.desk.review.session import ReviewSession


_WITHOUT_TILES = ("undo", "list", "help")
"""Names of the actions that an empty page has."""


@dataclass(frozen=True, slots=True)
class RuledPage:
    """Page that was ruled on: how many rulings it made, and the tasks that were on it."""

    n_rulings: int
    task_ids: tuple[str, ...]


class TilePageScreen(Screen[None]):
    """Base of the screens that rule on a page of tiles.

    A subclass says which rows come (`next_rows`), what stands below a tile (`caption`), which ruling its page key makes
    on it (`ruling_of`), and what follows a page (`page_ruled`).
    """

    CSS_PATH = "tile_page.tcss"
    AUTO_FOCUS = ""
    SCOPE: ClassVar[Scope]
    """The scope of the screen's actions."""
    LINES_AROUND: ClassVar[int] = 2
    """Rows of the screen that no tile has: status, keys, and the line above the tiles."""
    CAPTION_LINES: ClassVar[int] = 1

    status_bar = getters.query_one("#status", StatusBar)
    about = getters.query_one("#about", StatusLine)
    """Line above the tiles, of screens that show one."""
    grid = getters.query_one("#grid", Container)
    card = getters.query_one("#words", Static)
    keys = getters.query_one("#keys", KeyFooter)
    gonogo = AppGetter()

    def __init__(self, session: ReviewSession, clock: Callable[[], float], profile: Settings) -> None:
        super().__init__()
        self.session = session
        self.guard = KeyGuard(clock, profile.guard_ms / 1000, profile.burst_ms / 1000)
        self.gate = AnswerGate(self, self.guard, lambda: [(tile.sheet, LEAST_DRAWING) for tile in self.tiles])
        self.tiles: list[ReviewTile] = []
        self.clock = clock
        self._mode = profile.picture_mode
        self._cursor = 0
        self._columns = 1
        self._pages: list[RuledPage] = []
        self._unsubscribe: Callable[[], None] = lambda: None

    @abstractmethod
    def next_rows(self, most: int) -> list[QueueRow]:
        """Returns the rows of the next page, at most `most`."""

    @abstractmethod
    def caption(self, tile: ReviewTile, start: Content, open_key: str) -> Content:
        """Returns the lines below a tile's value; the first begins with `start`, its cursor."""

    @abstractmethod
    def ruling_of(self, tile: ReviewTile) -> Ruling | None:
        """Returns the ruling that the page key makes on a tile; `None` where it waits."""

    @abstractmethod
    def page_ruled(self, saved: list[ReviewTile], left: list[ReviewTile]) -> None:
        """Shows what the page key did, and chooses the next page."""

    @abstractmethod
    def empty_card(self) -> Content:
        """Returns the card in place of an empty page."""

    def page_undone(self, page: RuledPage, task_id: str) -> None:
        """Called when a page was taken back; `task_id` is its first task."""

    def compose(self) -> ComposeResult:
        yield StatusBar(id="status")
        yield StatusLine(id="about")
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
        if self.query("#status"):  # on leaving, its widgets are removed before the screen
            self.status_bar.show_state(self.session.state)
            if not self.tiles:
                self.card.update(self.empty_card())

    # --- one page --------------------------------------------------------------------------------------

    def start_page(self) -> None:
        """Shows the next rows."""
        workers.start_exclusive(self, self._show_page, group="page")

    async def _resize_page(self) -> None:
        """Shows the page in the terminal's new size; marks and cursor stay on their tiles."""
        at = self.tiles[self._cursor].row.task.id if self.tiles else ""
        marks = {tile.row.task.id: tile.mark for tile in self.tiles}
        await self._show_page()
        for index, tile in enumerate(self.tiles):
            tile.mark = marks.get(tile.row.task.id, tile.mark)
            self._cursor = index if tile.row.task.id == at else self._cursor
        self.show_captions()

    async def _show_page(self) -> None:
        """Shows the next open rows and their crops as they arrive; the page key counts once all are painted."""
        self.gate.hold()
        width, height = self.app.size
        height -= self.LINES_AROUND
        rows = self.next_rows(shapes(width, height)[-1].n_tiles)
        shape = page_shape([row.task for row in rows], width, height, self._view(), self.CAPTION_LINES)
        self._columns, self._cursor = shape.columns, 0
        await self.grid.remove_children()
        self.tiles = [ReviewTile(row) for row in rows[: shape.n_tiles]]
        self.grid.styles.grid_size_columns = shape.columns
        self.grid.styles.grid_size_rows = shape.lines
        self.set_class(not rows, "-card")
        self.card.update(self.empty_card())
        await self.grid.mount_all(self.tiles)
        self.show_captions()
        self.call_after_refresh(lambda: workers.start_exclusive(self, self._draw, group="draw"))

    def _view(self) -> Viewport:
        return DrawingMode(self.gonogo.terminal, self._mode, color=not self.app.no_color).apply(Viewport())

    async def _draw(self) -> None:
        view = self._view()
        for number, tile in enumerate(self.tiles, 1):
            task, cells = tile.row.task, tile.sheet.cells
            if min(cells) > 0:
                picture = await self.session.pictures.picture(task, view.request(task, cells))
                tile.sheet.show(picture, f"{number} · {task.detail_kind or task.target_kind}")
                tile.drawn = isinstance(picture, Picture)
                tile.too_small = isinstance(picture, Picture) and is_too_small(picture, view)
        self.show_captions()
        self.call_after_refresh(self.page_painted)

    def page_painted(self) -> None:
        """Lets the answer keys count: the whole page is on the screen."""
        self.gate.painted()

    def show_captions(self) -> None:
        """Shows mark and cursor of each tile, and the keys."""
        open_key = actions.key_name(next(iter(actions.keys_of(self._open_action, self.gonogo.own_keys)), ""))
        for index, tile in enumerate(self.tiles):
            at_cursor = index == self._cursor
            start = Content.styled("▸ " if at_cursor else "  ", "bold $accent")
            tile.show_caption(self.caption(tile, start, open_key), at_cursor=at_cursor)
        self._show_keys()

    @property
    def _open_action(self) -> actions.Action:
        return actions.BY_ID[f"{self.SCOPE.name}.open"]

    def _show_keys(self) -> None:
        chosen = actions.in_scope(self.SCOPE, actions.EVERYWHERE)
        if not self.tiles:
            chosen = tuple(action for action in chosen if action.id.partition(".")[2] in _WITHOUT_TILES)
        self.keys.show_actions(chosen, dimmed=bool(self.tiles) and self.gate.dimmed)

    # --- keys ------------------------------------------------------------------------------------------

    @property
    def current(self) -> ReviewTile | None:
        """The tile at the cursor."""
        return self.tiles[self._cursor] if self.tiles else None

    def on_key(self, event: Key) -> None:
        if self.gate.pressed(event):
            self.action_undo()

    def on_paste(self, event: Paste) -> None:
        event.stop()

    def action_move(self, x: int, y: int) -> None:
        index = self._cursor + x + y * self._columns
        if 0 <= index < len(self.tiles):
            self._cursor = index
            self.show_captions()

    @on(ReviewTile.Clicked)
    def _tile_clicked(self, event: ReviewTile.Clicked) -> None:
        """Moves the cursor to a tile; opens the tile that is under the cursor already."""
        at = self.tiles.index(event.tile)
        if at == self._cursor:
            self.action_open()
        else:
            self._cursor = at
            self.show_captions()

    def action_confirm(self) -> None:
        if not self.tiles or not self.gate.accepts():
            return
        saved: list[ReviewTile] = []
        try:
            for tile in self.tiles:
                ruling = self.ruling_of(tile)
                if ruling is not None:
                    self.session.rule_row(tile.row, ruling)
                    saved.append(tile)
        except (OSError, DeskError) as error:
            step = getattr(error, "next_step", "") or "Make room on the disk, then press Enter again."
            self.gonogo.show_notice(
                f"{len(saved)} of this page are saved, the others not: {error}\n{step}", error=True, seconds=15
            )
            self._remember(saved, saved)
        else:
            self.guard.answered()
            self._remember(saved, self.tiles)
            self.page_ruled(saved, [tile for tile in self.tiles if tile not in saved])
        self.start_page()

    def _remember(self, saved: list[ReviewTile], tiles: list[ReviewTile]) -> None:
        if saved:
            self._pages.append(RuledPage(len(saved), tuple(tile.row.task.id for tile in tiles)))

    def action_undo(self) -> None:
        """Undoes the rulings of the last page that are still in the undo buffer."""
        page = self._pages.pop() if self._pages else RuledPage(0, ())
        count, undone, first = page.n_rulings, 0, ""
        try:
            while undone < count and (ruling := self.session.undo(show=False)) is not None:
                undone += 1
                first = ruling[0].id
        except DeskError as error:
            self.gonogo.show_error(error)
        if undone:
            self.page_undone(page, first)
            self.start_page()
        sent = f"; sent already: {count - undone}" if undone < count else ""
        done = f"Taken back: {counted(undone, 'ruling')}{sent}."
        self.gonogo.show_notice(done if count else "Nothing to take back: no page was ruled on here.")

    def action_open(self) -> None:
        tile = self.current
        if tile is not None:
            self.session.open(self.session.queue.find(tile.row.task.id))
            self.app.push_screen(
                AdjudicateScreen(self.session, clock=self.clock, profile=self.gonogo.services.profile),
                lambda _: self.start_page(),
            )

    def action_list(self) -> None:
        self.dismiss()

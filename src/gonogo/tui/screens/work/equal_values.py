"""Equal values screen: a page of drawings whose values were read equal, struck one by one and confirmed at once.

The page is never larger than can be seen: what does not fit comes as the next page, and a drawing that can't be judged
in its tile comes as a question of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.events import Key, Paste
from textual.screen import Screen

from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.models import Decided, Decision, DeskTask, Stage
from gonogo.schemas.verdicts import Verdict
from gonogo.sheets.models import NoPicture, Picture
from gonogo.tui import actions, workers
from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.key_guard import KeyGuard
from gonogo.tui.layout.crop_grid import crop_grid, room_for_tiles, tiles_that_fit, value_lines
from gonogo.tui.layout.text_size import is_too_small
from gonogo.tui.presenters.work import annotate, equal_values
from gonogo.tui.screens.work.full_question import FullQuestionScreen
from gonogo.tui.terminal.drawing_mode import DrawingMode
from gonogo.tui.viewport import Viewport
from gonogo.tui.widgets.drawing.crop_tile import CropTile
from gonogo.tui.widgets.key_footer import KeyFooter
from gonogo.tui.widgets.status_bar import StatusBar, StatusLine
from gonogo.tui.widgets.task.answer_gate import LEAST_DRAWING, LEAST_TEXT, AnswerGate, Least
from gonogo.tui.widgets.task.value_view import ValueView

if TYPE_CHECKING:
    from gonogo.desk.annotate.session import AnnotateSession
    from gonogo.desk.core.settings import Settings


class EqualValuesScreen(Screen[Decided | None]):
    """Page of equal values of an annotate session; dismissed when a question is asked alone, or with an answer of the
    history that is to be given again.
    """

    CSS_PATH = "equal_values.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.EQUAL.bindings()]
    ACTION_SCOPES: ClassVar[tuple[actions.Scope, ...]] = (actions.EQUAL,)
    AUTO_FOCUS = ""

    gonogo = AppGetter()
    status = getters.query_one("#status", StatusBar)
    question = getters.query_one("#question", StatusLine)
    value = getters.query_one(ValueView)
    grid = getters.query_one("#grid", Container)
    keys = getters.query_one("#keys", KeyFooter)

    def __init__(self, session: AnnotateSession, *, clock: Callable[[], float], profile: Settings) -> None:
        super().__init__()
        self.session = session
        self.guard = KeyGuard(clock, profile.guard_ms / 1000, profile.burst_ms / 1000)
        self.gate = AnswerGate(self, self.guard, self._must_be_seen)
        self.tiles: list[CropTile] = []
        self._profile = profile
        self._asked: list[str] = []
        """Tasks of the session's page when it was shown last."""
        self._cursor = 0
        self._columns = 1
        self._not_saved = ""
        self._left = False
        self._unsubscribe: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        yield StatusBar(id="status")
        yield StatusLine(id="question")
        yield ValueView()
        yield Container(id="grid")
        yield KeyFooter()

    def on_mount(self) -> None:
        self._unsubscribe = self.session.subscribe(self._session_changed)

    def on_unmount(self) -> None:
        self._unsubscribe()

    def on_screen_resume(self) -> None:
        self._session_changed()

    def on_resize(self) -> None:
        self.session.page.limit(tiles_that_fit(*self.app.size))
        workers.start_exclusive(self, self._show_page, group="page")

    # --- the page --------------------------------------------------------------------------------------

    def _session_changed(self) -> None:
        """Shows another page, or leaves where a question is asked alone."""
        if not self.query("#status"):  # on leaving, its widgets are removed before the screen
            return
        self.status.show_state(self.session.state, self._not_saved, pace=self._profile.show_pace)
        ids = self.session.page.ids
        if not ids and self.is_current:
            self._leave(None)
        elif ids and ids != self._asked:
            workers.start_exclusive(self, self._show_page, group="page")

    def _leave(self, again: Decided | None) -> None:
        if not self._left:  # the screen goes only when messages before it are done
            self._left = True
            self.dismiss(again)

    async def _show_page(self) -> None:
        """Shows as many tasks of the page as can be seen; the answer keys count once all are painted."""
        self.gate.hold()
        tasks, verdicts = self.session.page.tasks, self._verdicts()
        at = self.tiles[self._cursor].task_shown.id if self.tiles else ""
        self._asked = self.session.page.ids
        width, height = self.app.size
        self.value.styles.height = value_lines(height)
        shape = crop_grid(tasks, width, room_for_tiles(height), self._view())
        if tasks and shape.n_tiles < 2:
            self.session.page.ask_alone()
            return
        shown = tasks[: shape.n_tiles]
        self._columns = shape.columns
        self.tiles = []
        await self.grid.remove_children()
        self.tiles = [CropTile(task, verdicts.get(task.id, Verdict.CORRECT)) for task in shown]
        self._cursor = next((index for index, task in enumerate(shown) if task.id == at), 0)
        self.grid.styles.grid_size_columns = shape.columns
        self.grid.styles.grid_size_rows = shape.lines
        await self.grid.mount_all(self.tiles)
        self.question.show(equal_values.question(shown, width - 2))
        self.value.show(shown[0].predicted_value if shown else None)
        self._show_marks()
        self.call_after_refresh(lambda: workers.start_exclusive(self, self._draw, group="draw"))

    def _verdicts(self) -> dict[str, str]:
        """Marks of the tiles on the screen, and of a page that was taken back."""
        return {**self.session.page.taken_back, **{tile.task_shown.id: tile.verdict for tile in self.tiles}}

    def _view(self) -> Viewport:
        mode = DrawingMode(self.gonogo.terminal, self._profile.picture_mode, color=not self.app.no_color)
        return mode.apply(Viewport())

    async def _draw(self) -> None:
        view = self._view()
        for number, tile in enumerate(self.tiles, 1):
            task, cells = tile.task_shown, tile.sheet.cells
            if min(cells) > 0:
                picture = await self.session.pictures.picture(task, view.request(task, cells))
                if tile not in self.tiles:  # another page is shown meanwhile
                    return
                tile.sheet.show(picture, f"{number} · {task.detail_kind or task.target_kind}", task.bbox)
                tile.unseen = self._unseen(tile, picture, view)
        self._show_marks()
        self.call_after_refresh(self._painted)

    def _painted(self) -> None:
        """Lets the answer keys count: the whole page is on the screen; then draws the next page ahead."""
        self.gate.painted()
        self.session.shown()
        workers.start_exclusive(self, self._draw_ahead, group="ahead")

    async def _draw_ahead(self) -> None:
        view, upcoming = self._view(), self.session.page.upcoming
        cells = self.tiles[0].sheet.cells if self.tiles else (0, 0)
        for task in upcoming if min(cells) > 0 else ():
            await self.session.pictures.picture(task, view.request(task, cells))

    def _unseen(self, tile: CropTile, picture: Picture | NoPicture, view: Viewport) -> str:
        """Why a task can't be judged in its tile; empty when it can."""
        task = tile.task_shown
        if not isinstance(picture, Picture):
            return "no drawing"
        if task.bbox is None:
            return "no place on the drawing"
        if is_too_small(picture, view):
            return "too small here"
        own = equal_values.own_reading(task, self.tiles[0].task_shown)
        return "its reading doesn't fit" if self.value.is_cut or len(own) > tile.sheet.cells[0] - 18 * bool(own) else ""

    def _must_be_seen(self) -> list[Least]:
        if not all(tile.is_mounted for tile in self.tiles):  # the guard refuses: they are not painted
            return []
        return [(self.value, LEAST_TEXT), *((tile.sheet, LEAST_DRAWING) for tile in self.tiles)]

    def _show_marks(self) -> None:
        for index, tile in enumerate(self.tiles):
            at_cursor = index == self._cursor
            first = self.tiles[0].task_shown
            line = equal_values.mark(tile.task_shown, first, tile.verdict, tile.unseen, at_cursor=at_cursor)
            tile.show_mark(line, at_cursor=at_cursor)
        chosen = actions.in_scope(actions.EQUAL, actions.EVERYWHERE)
        self.keys.show_actions(chosen, dimmed=self.gate.dimmed)

    # --- keys ------------------------------------------------------------------------------------------

    def on_key(self, event: Key) -> None:
        self.session.key()
        if self.gate.pressed(event) and self._undo() and not self.guard.held:
            self.gonogo.show_notice("Keys came faster than a person types: the page was taken back.", warning=True)

    def on_paste(self, event: Paste) -> None:
        """Drops pasted text, which is never an answer."""
        event.stop()

    def action_move(self, x: int, y: int) -> None:
        index = self._cursor + x + y * self._columns
        if 0 <= index < len(self.tiles):
            self._cursor = index
            self._show_marks()

    @on(CropTile.Clicked)
    def _tile_clicked(self, event: CropTile.Clicked) -> None:
        self._cursor = self.tiles.index(event.tile)
        self._show_marks()

    def action_mark(self, verdict: str) -> None:
        """Gives the tile at the cursor another answer; the same key again: right."""
        if self.tiles and self.gate.accepts():
            tile = self.tiles[self._cursor]
            tile.verdict = Verdict.CORRECT if tile.verdict == verdict else verdict
            self._show_marks()

    def action_confirm(self) -> None:
        if not self.tiles or not self.gate.accepts():
            return
        seen = [tile for tile in self.tiles if not tile.unseen]
        unseen = {tile.task_shown.id: tile.unseen for tile in self.tiles if tile.unseen}
        decisions = {tile.task_shown.id: Decision(tile.verdict) for tile in seen}
        try:
            self._not_saved = ""
            if decisions:
                self.session.page.decide(decisions, alone=unseen)
            else:
                self.session.page.ask_alone(unseen)
        except (OSError, DeskError) as error:
            self._not_saved = str(error)
            self.gonogo.show_notice(annotate.not_saved_message(error, "page"), error=True, seconds=15)
            self._session_changed()
            return
        if decisions:
            self.guard.answered()
        if unseen:
            self.gonogo.show_notice(equal_values.left_message(list(unseen.values())), seconds=8)

    def action_alone(self) -> None:
        if self.tiles and self.gate.accepts():
            self.session.page.ask_alone()

    def action_undo(self) -> None:
        if not self._undo():
            self.gonogo.show_notice(annotate.cannot_undo_message(self.session.state.recent))

    def _undo(self) -> bool:
        try:
            undone = self.session.undo()
        except DeskError as error:
            self.gonogo.show_error(error)
            return False
        return undone is not None

    # --- other screens ---------------------------------------------------------------------------------

    def action_about(self) -> None:
        task = self._task_at_cursor()
        if task is not None:
            mode = DrawingMode(self.gonogo.terminal, self._profile.picture_mode, color=not self.app.no_color)
            guideline, unit = self.session.guideline, self.session.unit
            self.app.push_screen(FullQuestionScreen(task, guideline, mode.description, unit))

    def _task_at_cursor(self) -> DeskTask | None:
        return self.tiles[self._cursor].task_shown if self.tiles else None

    def action_history(self) -> None:
        from gonogo.tui.screens.work.history import HistoryScreen  # deferred: 3 ms, seldom needed

        try:
            self.app.push_screen(HistoryScreen(self.session), self._answer_again)
        except DeskError as error:
            self.gonogo.show_error(error)

    def _answer_again(self, item: Decided | None) -> None:
        """Leaves with an answer of the history, which is asked again alone; the page comes after it."""
        if item is not None:
            self._leave(item)

    def action_retry(self) -> None:
        if self.session.state.stage is Stage.SIGNED_OUT:
            self.gonogo.navigator.show_sign_in("Sign in to go on with the same page.")
            return
        self.session.retry_now()
        workers.start_exclusive(self, self._show_page, group="page")

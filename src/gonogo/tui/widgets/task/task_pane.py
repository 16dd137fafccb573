"""Task pane: drawing, prompt, value and correction editor of one task."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import getters, on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.events import Key, Paste, Resize
from textual.message import Message
from textual.reactive import var
from textual.timer import Timer
from textual.widget import Widget

from gonogo.desk.core.models import DeskTask
from gonogo.sheets.models import NoPicture, Picture, PictureRequest
from gonogo.sheets.picture_modes import PIXEL_MODES
from gonogo.tui import actions, workers
from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.external_viewer import show_crop_outside
from gonogo.tui.key_guard import KeyGuard
from gonogo.tui.layout.arrangement import SMALL_PANEL, Arrangement, Panel
from gonogo.tui.layout.task_arranger import TaskArranger, sheet_of
from gonogo.tui.presenters.work import annotate
from gonogo.tui.terminal.drawing_mode import TURNED_OFF, DrawingMode
from gonogo.tui.text import content
from gonogo.tui.viewport import Viewport
from gonogo.tui.widgets.drawing.sheet_view import SheetView
from gonogo.tui.widgets.task.answer_gate import LEAST_DRAWING, LEAST_TEXT, AnswerGate, Least
from gonogo.tui.widgets.task.correction_editor import CorrectionEditor
from gonogo.tui.widgets.task.prompt_line import PromptLine
from gonogo.tui.widgets.task.value_view import ValueView

if TYPE_CHECKING:
    from gonogo.desk.core.settings import Settings
    from gonogo.desk.session.task_pictures import PictureSource

SLOW_PICTURE_SECONDS = 4.0
"""Delay after which a task may be answered without its drawing."""
STEADY_SECONDS = 0.4
"""Time without a change after which a view is used for prepared drawings."""
AHEAD_SECONDS = 0.06
"""Delay before preparing the next task, so that the writer thread has sent this one's frame."""
LINES_AROUND = 2
"""Rows of a screen above and below the pane, status and keys, until its layout shows how many there are."""
_ACTION_NAME = re.compile(r"(?:pane\(')?(\w+)")
_EDIT_ACTIONS = {match[1] for action in actions.EDIT.actions if (match := _ACTION_NAME.match(action.call))}


class TaskPane(Container):
    """Pane of one task; posts messages when its screen must act.

    The panel with prompt and value stands beside the drawing or below it (class `-below`), see `layout.arrangement`.

    A screen runs the pane's actions (`pane('zoom(1)')` in the registry of actions), and calls `screen_resized` when
    it is resized. `panel` are the screen's own widgets below value and editor.
    """

    DEFAULT_CSS = """
    TaskPane { height: 1fr; layout: horizontal; }
    TaskPane.-below { layout: vertical; }
    """

    gonogo = AppGetter()
    sheet = getters.query_one("#sheet", SheetView)
    prompt = getters.query_one("#prompt", PromptLine)
    value = getters.query_one("#value", ValueView)
    editor = getters.query_one("#edit", CorrectionEditor)

    editing: var[bool] = var(False, toggle_class="-editing")
    """Whether the correction editor is open."""

    class Painted(Message):
        """Message: prompt and drawing of `task` are painted."""

        def __init__(self, task: DeskTask) -> None:
            super().__init__()
            self.task = task

    class PrepareNext(Message):
        """Message: the current task is painted, so the next one can be prepared (`prebuild`)."""

    class Resized(Message):
        """Message: the pane has a new size. `first`: it had none before; `redraw`: the task must be shown again."""

        def __init__(self, *, first: bool, redraw: bool) -> None:
            super().__init__()
            self.first, self.redraw = first, redraw

    def __init__(
        self,
        pictures: PictureSource,
        *panel: Widget,
        on_key: Callable[[Key | Paste], None],
        clock: Callable[[], float],
        settings: Settings,
        panel_size: Panel = SMALL_PANEL,
    ) -> None:
        """`on_key` is called with each key and paste in the editor, before it acts."""
        super().__init__(id="work")
        self.current: DeskTask | None = None
        self.view = Viewport()
        self.guard = KeyGuard(clock, settings.guard_ms / 1000, settings.burst_ms / 1000)
        self.gate = AnswerGate(self, self.guard, self._must_be_seen)
        self.pictures = pictures
        self._panel = panel
        self.notify_key, self._clock = on_key, clock
        self._mode_setting = settings.picture_mode
        self._previous: DeskTask | None = None
        self._cells: tuple[int, int] | None = None
        self._lines_around = LINES_AROUND
        self.arranger = TaskArranger(panel_size)
        self._prepared: object = None
        """View and arrangement that drawings were last prepared for."""
        self._settling: Timer | None = None
        self._unsubscribe: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        yield SheetView(id="sheet")
        with Vertical(id="panel"):
            yield PromptLine(id="prompt")
            yield ValueView(id="value")
            yield CorrectionEditor(self.notify_key, self._clock)
            yield from self._panel

    def on_mount(self) -> None:
        self._take_room(self.app.size.width, self.app.size.height - self._lines_around)
        self.mode = DrawingMode(self.gonogo.terminal, self._mode_setting, color=not self.app.no_color)
        self.view = self.mode.apply(self.view)
        self._unsubscribe = self.gonogo.terminal.subscribe(self._terminal_changed)

    def on_unmount(self) -> None:
        self._unsubscribe()

    # --- the task ----------------------------------------------------------------------------------------

    def preview(self, task: DeskTask) -> None:
        """Shows prompt and value only, in the task's arrangement; the drawing needs the layout first."""
        self.arranger.choose(task, self.view)
        self._lay_out()
        self.prompt.show(content(task.prompt, 600))
        self.value.show(task.predicted_value)

    def show_task(self, task: DeskTask) -> None:
        """Shows `task`: at once with its drawing when that is ready; otherwise the drawing follows."""
        self.close_editor()
        self.view = self._view_for(task)
        self.current = self._previous = task
        self.gate.hold()
        self.preview(task)
        self._show_picture(task)

    def clear(self) -> None:
        """Removes the task and disables the verdict keys."""
        self.close_editor()
        self.current = None
        self.gate.hold()

    def shows(self, task: DeskTask) -> bool:
        return self.current is not None and self.current.id == task.id

    def prebuild(self, task: DeskTask) -> None:
        """Builds the rows of value and drawing of the next task, if its picture is ready, in the size they have now."""
        if not self._drawing_visible or self._learn(task) or self.arranger.moves(task, self.view):
            return
        self.value.prebuild(task.predicted_value)
        view = self._view_for(task)
        ready = self._ready_picture(task, view.request(task, self.cells))
        if ready is not None:
            self.sheet.prebuild(ready, annotate.sheet_title(task, ready, view))

    def _learn(self, task: DeskTask) -> bool:
        """Takes the size of the next task's text from its picture; returns whether it has to be drawn anew for it."""
        request = self.request_ahead(task)
        self.arranger.remember(task, self._ready_picture(task, request))
        if is_better := not self.mode.turned_off and self.request_ahead(task) != request:
            self.pictures.prepare(self.request_ahead)
        return is_better

    def _must_be_seen(self) -> list[Least]:
        drawing = [] if self.mode.turned_off else [(self.sheet, LEAST_DRAWING)]
        return [(self.prompt, LEAST_TEXT), (self.value, LEAST_TEXT), *drawing]

    def retry_picture(self) -> None:
        """Fetches a missing drawing again."""
        if self.current is not None and isinstance(self.sheet.shown, NoPicture):
            self._change_view(self.view)

    def _painted(self, task: DeskTask) -> None:
        if not self.shows(task) or not self.guard.waiting:
            return
        self.gate.painted()
        self.post_message(self.Painted(task))
        self.set_timer(AHEAD_SECONDS, self._prepare_next)

    def _prepare_next(self) -> None:
        self._prepare()
        self.post_message(self.PrepareNext())

    def _view_for(self, task: DeskTask) -> Viewport:
        """Returns the view of a task: level and zoom stay on the same sheet, position and rotation are reset."""
        previous = self._previous
        same = previous is not None and sheet_of(task) == sheet_of(previous)
        return self.view.for_same_sheet() if same else self.view.reset()

    # --- the drawing -------------------------------------------------------------------------------------

    @property
    def _drawing_visible(self) -> bool:
        return not self.screen.has_class("-no-drawing") and min(self.cells) > 0

    def _terminal_changed(self) -> None:
        """Applies late replies of the terminal, or a new cell size."""
        view = self.mode.apply(self.view)
        if view != self.view:
            self._change_view(view)

    def _show_picture(self, task: DeskTask) -> None:
        if not self._drawing_visible:
            if self.mode.turned_off:
                self.call_after_refresh(self._painted, task)
            return
        ready = self._ready_picture(task, self.view.request(task, self.cells))
        self.sheet.show(ready, annotate.sheet_title(task, ready, self.view), task.bbox)
        if ready is not None:
            self.arranger.remember(task, ready)
            self.call_after_refresh(self._painted, task)
        else:
            workers.start_exclusive(self, self._fetch_picture, task, group="picture")
            self.set_timer(SLOW_PICTURE_SECONDS, lambda: self._painted(task))

    def _ready_picture(self, task: DeskTask, request: PictureRequest) -> Picture | NoPicture | None:
        return TURNED_OFF if self.mode.turned_off else self.pictures.ready(task, request)

    async def _fetch_picture(self, task: DeskTask) -> None:
        request = self.view.request(task, self.cells)
        picture = self._ready_picture(task, request) or await self.pictures.picture(task, request)
        if self.shows(task):
            self.arranger.remember(task, picture)
            self.sheet.show(picture, annotate.sheet_title(task, picture, self.view), task.bbox)
            self.call_after_refresh(self._painted, task)

    def _prepare(self) -> None:
        """Prepares the next drawings in this view, each in its own arrangement."""
        if not self._drawing_visible or self.mode.turned_off:
            return
        form = self.view.for_same_sheet(), self.arranger.room, self.arranger.arrangement
        if form != self._prepared:
            self._prepared = form
            self.pictures.prepare(self.request_ahead)

    def request_ahead(self, task: DeskTask) -> PictureRequest:
        """Returns the request that showing `task` next would make."""
        view = self._view_for(task)
        return view.request(task, self.arranger.room.cells(self.arranger.next_for(task, view)))

    def _change_view(self, view: Viewport) -> None:
        """Shows the same task in another view; the old picture stays until the new one is ready."""
        self.view = view
        if self.current is not None and self._drawing_visible:
            workers.start_exclusive(self, self._fetch_picture, self.current, group="picture")
            if self._settling is not None:
                self._settling.stop()
            self._settling = self.set_timer(STEADY_SECONDS, self._prepare)

    # --- the arrangement ---------------------------------------------------------------------------------

    @property
    def cells(self) -> tuple[int, int]:
        """Columns and rows of the drawing in the arrangement of the task, also before it is laid out."""
        return self.arranger.cells

    def on_resize(self, event: Resize) -> None:
        """Takes the rows that the screen leaves, which are known after its layout: a footer may have two."""
        width, height = event.size
        if height and (width, height) != (self.arranger.room.width, self.arranger.room.height):
            self._lines_around = self.app.size.height - height
            self._take_room(width, height)
            self.call_after_refresh(self._resized)

    def _take_room(self, width: int, height: int) -> None:
        self.arranger.take_room(width, height)
        if self.current is not None:
            self.arranger.choose(self.current, self.view)
        self._lay_out()

    def _lay_out(self) -> None:
        """Gives the panel its place and size; without a drawing it has all the room."""
        room, drawing = self.arranger.room, not self.screen.has_class("-no-drawing")
        below = self.arranger.arrangement is Arrangement.BELOW
        self.set_class(below or not drawing, "-below")
        self.sheet.edges = self.arranger.edges
        self.set_class(not self.sheet.edges.sides, "-frameless")
        panel = self.query_one("#panel")
        panel.styles.width = room.panel_width if drawing and not below else "1fr"
        panel.styles.height = room.panel_height if drawing and below else "1fr"

    # --- the size ----------------------------------------------------------------------------------------

    def screen_resized(self, event: Resize) -> None:
        """Takes size and shape of a cell from the screen's event; posts `Resized` after the layout."""
        width, height = event.size
        self._take_room(width, height - self._lines_around)
        if event.pixel_size is not None:
            self.view = self.view.with_window(event.size, event.pixel_size)
        if self.view.mode in PIXEL_MODES:
            self.call_after_refresh(self._terminal_changed)
        self.call_after_refresh(self._resized)

    def _resized(self) -> None:
        cells = self.cells if self._drawing_visible else (0, 0)
        before, self._cells = self._cells, cells
        if before is not None and cells != before:
            self._prepare()
        redraw = before not in (None, cells) and self.current is not None and not self.editing
        self.post_message(self.Resized(first=before is None, redraw=redraw))

    # --- the editor --------------------------------------------------------------------------------------

    def open_editor(self, text: str, *, readings: bool = False) -> None:
        self.editing = True
        self.editor.open(text, self.gonogo.own_keys, self.guard.key, self.current if readings else None)

    def close_editor(self) -> None:
        if self.editing:
            self.editing = False
            self.editor.close()

    def refuses_paste(self) -> bool:
        """Returns whether the sending key came in a burst of keys; the editor then warns."""
        if burst := self.guard.burst:
            self.editor.warn("The key came with pasted text; press it again to send.")
        return burst

    def checked_correction(self) -> str | None:
        """Returns the typed correction; `None`, with a warning in the editor, if it cannot be sent."""
        task = self.current if self.editing else None
        return None if task is None or self.refuses_paste() else self.editor.checked(task.predicted_value)

    def allows(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Returns whether an action is available: those of scope "edit" while editing, else the others."""
        name = str(parameters[0]).split("(")[0] if action == "pane" and parameters else action
        return name == "pan" or self.editing == (name in _EDIT_ACTIONS)

    # --- actions -----------------------------------------------------------------------------------------

    def action_context(self) -> None:
        self._change_view(self.view.next_level())

    def action_pan(self, x: int, y: int) -> None:
        self._change_view(self.view.panned(x, y))

    def action_zoom(self, direction: int) -> None:
        self._change_view(self.view.zoomed(direction))

    @on(SheetView.Zoomed)
    def _wheel_turned(self, event: SheetView.Zoomed) -> None:
        self._change_view(self.view.zoomed(event.direction))

    @on(SheetView.Dragged)
    def _drawing_dragged(self, event: SheetView.Dragged) -> None:
        self._change_view(self.view.dragged(event.x, event.y))

    def action_home(self) -> None:
        self._change_view(self.view.reset())

    def action_rotate(self, by: int = 90) -> None:
        shown = self.sheet.shown
        self._change_view(self.view.turned(shown.rotation if isinstance(shown, Picture) else 0, by))

    def action_invert(self) -> None:
        self.sheet.toggle_inverted()

    def action_symbols(self) -> None:
        self.editor.line.choose(True)

    def action_complete_sign(self) -> None:
        self.editor.complete_sign()

    def action_mode(self) -> None:
        """Switches to the next picture mode of this terminal, now and at the next start."""
        if problem := self.mode.next():
            self.gonogo.show_notice(problem, warning=True)
        self.gonogo.show_notice(f"Drawing in: {self.mode.description}", seconds=2)
        self._change_view(self.mode.apply(self.view))

    def action_view_outside(self) -> None:
        if self.current is not None:
            workers.start_exclusive(self, self._view_outside, self.current, group="viewer")

    async def _view_outside(self, task: DeskTask) -> None:
        """Opens the crop in the system's viewer; without one, shows the path of its file."""
        cells = self.cells if self._drawing_visible else (80, 24)
        export = self.pictures.export(task, self.view.request(task, cells))
        if problem := await show_crop_outside(export, os.environ):
            self.gonogo.show_notice(problem, warning=True, seconds=15)

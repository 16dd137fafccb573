"""What answering and ruling have in common: a task beside its sheet, a line to type on, keys that cannot misfire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import getters
from textual.events import Key, Paste, Resize
from textual.widgets import Static

from gonogo.desk.core.models import DeskTask
from gonogo.sheets.models import NoPicture, Picture
from gonogo.tui import actions
from gonogo.tui.key_guard import KeyGuard
from gonogo.tui.presenters import annotate
from gonogo.tui.screens.work.drawing import DrawingScreen
from gonogo.tui.text import content
from gonogo.tui.widgets.correction_input import CorrectionInput
from gonogo.tui.widgets.status import StatusBar, StatusLine
from gonogo.tui.widgets.value_view import ValueView

if TYPE_CHECKING:
    from gonogo.desk.annotate.session import AnnotateSession
    from gonogo.desk.core.settings import Settings

AHEAD_SECONDS = 0.06
"""Preparing the next question waits until this one's frame has left for the terminal (another thread writes it)."""

_WHILE_EDITING = {action.call.split("(")[0] for action in actions.in_scope(actions.EDIT)} | {"pan"}


class QuestionScreen(DrawingScreen):
    """A task that is asked, with its drawing. What is asked about it, and what an answer is, the screens say.

    A screen gives `_desk_changed`, `_following`, `_first_layout`, `_noted` and `_show_keys`.
    """

    AUTO_FOCUS = ""

    value = getters.query_one("#value", ValueView)
    prompt = getters.query_one("#prompt", StatusLine)
    hint = getters.query_one("#hint", StatusLine)
    status = getters.query_one("#status", StatusBar)
    keys = getters.query_one("#keys", StatusLine)
    words = getters.query_one("#words", Static)
    line = getters.query_one("#fix", CorrectionInput)

    def __init__(self, desk: AnnotateSession, *, clock: Callable[[], float], profile: Settings) -> None:
        super().__init__(desk)
        self.guard = KeyGuard(clock, profile.guard_ms / 1000, profile.burst_ms / 1000)
        self._profile = profile
        self._last: DeskTask | None = None
        self._not_saved = ""
        self._cells: tuple[int, int] | None = None
        self._unsubscribe: Callable[[], None] = lambda: None

    def _desk_changed(self) -> None:
        """The one way from the desk to the screen. Everything that changed is painted in the same frame."""
        raise NotImplementedError

    def _following(self) -> DeskTask | None:
        """The task that is asked next, when it is here."""
        raise NotImplementedError

    def _first_layout(self) -> None:
        """The screen has its first size: follow the desk from now on."""
        raise NotImplementedError

    def _noted(self) -> None:
        """A key was pressed."""
        raise NotImplementedError

    def _show_keys(self) -> None:
        raise NotImplementedError

    def _seen(self) -> None:
        """Question and drawing can be seen."""

    def _prebuild(self, task: DeskTask) -> None:
        """Make ahead what this screen shows of `task` beside its drawing."""
        self.value.prebuild(task.predicted_value)

    def _no_room(self, width: int, height: int) -> bool:
        """Whether this many cells leave no room for the drawing."""
        return height < 12 or (width < 64 and height < 18)

    def on_unmount(self) -> None:
        self._unsubscribe()

    # --- showing ---------------------------------------------------------------------------------------

    def _ask(self, task: DeskTask) -> None:
        """Question and value of `task`, now; its drawing is `_show_picture`'s."""
        self._stop_typing()
        self.view = self._view_for(task, self._last)
        self._question = self._last = task
        self.guard.hold()
        self.set_class(False, "-card")
        self.prompt.show(content(task.prompt, 600))
        self.value.show(task.predicted_value)

    def _ask_nothing(self) -> None:
        """There is no question: the card says why."""
        self._stop_typing()
        self._question = None
        self.guard.hold()
        self.set_class(True, "-card")
        self._show_keys()

    def _painted(self, task: DeskTask) -> None:
        """Question and drawing can be seen: their time runs, and soon the verdict keys answer."""
        if self._other(task) or not self.guard.waiting:
            return
        self.guard.painted()
        self._seen()
        self.set_timer(AHEAD_SECONDS, self._make_next_ahead)

    def _make_next_ahead(self) -> None:
        """Turn the next task's picture, if it is there, into rows while the person looks at this one."""
        self._prepare()
        following = self._following()
        if following is None or not self._drawing_visible():
            return
        self._prebuild(following)
        view = self._view_for(following, self._last)
        ready = self._ready(following, view.request(following, self.sheet.cells))
        if isinstance(ready, Picture | NoPicture):
            self.sheet.prebuild(ready, annotate.sheet_title(following, ready, view))

    def on_resize(self, event: Resize) -> None:
        width, height = event.size
        self.set_class(self._no_room(width, height), "-no-drawing")
        if event.pixel_size is not None and width and height and event.pixel_size.width:
            ratio = (event.pixel_size.height / height) / (event.pixel_size.width / width)
            self.view = replace(self.view, cell_ratio=min(max(ratio, 1.0), 4.0))
        self.call_after_refresh(self._resized)

    def _resized(self) -> None:
        """The pane has its new size: pictures are made for it from now on."""
        cells = self.sheet.cells if self._drawing_visible() else (0, 0)
        before, self._cells = self._cells, cells
        if cells != before:
            if before is None:  # before the first layout there was no size to draw for
                self._first_layout()  # what is ahead is drawn once this question can be seen
                return
            self._prepare()
            if self._question is not None and not self.editing:
                self._question = None
                self._desk_changed()
        self._show_keys()

    # --- keys ------------------------------------------------------------------------------------------

    def on_key(self, event: Key) -> None:
        if not self.editing:  # the line tells of its keys itself, in their order
            self._noted()

    def on_paste(self, event: Paste) -> None:
        """Pasted text is never an answer."""
        event.stop()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action == "pan" or self.editing == (action in _WHILE_EDITING)

    def _could_not_save(self, error: Exception, what: str) -> None:
        """Say that an answer is not on disk; the question stays, with what was typed."""
        self._not_saved = str(error)
        step = getattr(error, "next_step", "") or "Make room on the disk, then give it again."
        self.gonogo.say(f"The {what} could not be saved: {error}\n{step}", error=True, seconds=15)

    def _look_again(self) -> None:
        """Try for the drawing once more when there was none."""
        if self._question is not None and isinstance(self.sheet.shown, NoPicture):
            self._look(self.view)

    # --- the line --------------------------------------------------------------------------------------

    @property
    def editing(self) -> bool:
        return self.has_class("-editing")

    def _start_typing(self, text: str) -> None:
        self.add_class("-editing")
        self.line.open(text, self.gonogo.own_keys)

    def _stop_typing(self) -> None:
        if self.editing:
            self.remove_class("-editing")
            self.line.disabled = True
            self.set_focus(None)

    def on_correction_input_choosing(self) -> None:
        self._show_keys()

    def action_symbols(self) -> None:
        self.line.choose(True)

"""Annotate screen: one question with its drawing and the value read, answered by one key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content
from textual.events import Key, Paste, Resize
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input, Static

from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.models import Decision, DeskTask, Stage, TaskNote
from gonogo.tui import actions
from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.layout.crop_grid import tiles_that_fit
from gonogo.tui.presenters.common.format import editable_text
from gonogo.tui.presenters.work import annotate, correction
from gonogo.tui.screens.work.earlier_answers import EarlierAnswers
from gonogo.tui.screens.work.full_question import FullQuestionScreen
from gonogo.tui.screens.work.page_above import PageAbove
from gonogo.tui.screens.work.question_notes import QuestionNotes
from gonogo.tui.widgets.key_footer import KeyFooter
from gonogo.tui.widgets.status_bar import Facts, History, StatusBar, StatusLine
from gonogo.tui.widgets.task.correction_input import CorrectionInput
from gonogo.tui.widgets.task.task_pane import TaskPane

if TYPE_CHECKING:
    from gonogo.desk.annotate.session import AnnotateSession
    from gonogo.desk.core.settings import Settings

QUIET_SECONDS = 0.25
"""Delay of changes that do not concern the question while it was only just shown."""
_WITHOUT_TASK = ("annotate.undo", "annotate.retry", "annotate.history", "annotate.practice", "app.help")


class AnnotateScreen(Screen[None]):
    """Annotate screen: shows the session's current task and passes answers to the session, which holds all state."""

    CSS_PATH = "annotate.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.ANNOTATE.bindings()]
    ACTION_SCOPES: ClassVar[tuple[actions.Scope, ...]] = (actions.ANNOTATE,)
    AUTO_FOCUS = ""

    gonogo = AppGetter()
    pane = getters.query_one(TaskPane)
    status = getters.query_one("#status", StatusBar)
    facts = getters.query_one("#facts", Facts)
    history = getters.query_one("#history", History)
    words = getters.query_one("#words", Static)
    keys = getters.query_one("#keys", KeyFooter)

    def __init__(self, session: AnnotateSession, *, clock: Callable[[], float], profile: Settings) -> None:
        super().__init__()  # without "-card": most starts have a question, and a class later is styling again
        self.session = session
        self.clock = clock
        self.profile = profile
        self._show_pace = profile.show_pace
        self._confidence_level = 0
        self._confidence_before: int | None = None
        self._not_saved = ""
        self.notes = QuestionNotes(self)
        self.earlier = EarlierAnswers(self)
        self._page = PageAbove(self)
        self._message = ""
        """Message of the session shown last."""
        self._deferred_update: Timer | None = None
        self._state_since = 0.0
        self._start_error: Exception | None = None
        self._unsubscribe: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        yield StatusBar(id="status")
        yield TaskPane(
            self.session.pictures,
            Facts(id="facts"),
            Static(id="room"),
            StatusLine(id="before"),
            History(id="history"),
            on_key=self._key_pressed,
            clock=self.clock,
            settings=self.profile,
        )
        yield Container(Static(id="words", markup=False), id="card")
        yield StatusLine(id="toosmall")
        yield KeyFooter()

    async def on_mount(self) -> None:
        self.query_one("#before", StatusLine).show(Content.styled("before", "$quiet"))
        self.query_one("#toosmall", StatusLine).show(Content(annotate.TOO_SMALL))
        self.words.update(annotate.state_card(self.session.state))
        self.watch(self.pane, "editing", self.session.edit, init=False)
        self.set_interval(1, self._tick)
        try:
            await self.session.start()  # reads the outbox; the network follows in the background
        except (OSError, DeskError) as error:
            self._start_error = error
            self.words.update(annotate.startup_error_card(error))
        task = self.session.current
        if task is not None:  # the question is in the first frame
            self.pane.preview(task)
        else:
            self.set_class(True, "-card")

    def on_unmount(self) -> None:
        self._unsubscribe()

    @property
    def is_complete(self) -> bool:
        """Whether question and drawing are painted and the editor is closed."""
        return self.pane.current is not None and not self.pane.guard.waiting and not self.pane.editing

    # --- showing ---------------------------------------------------------------------------------------

    def _update(self) -> None:
        """Shows the session's state. Everything that changed is painted in the same frame."""
        if self._page.open():
            return
        task = self.session.current
        if task is not None and self.pane.shows(task) and not self.pane.guard.armed:
            self._deferred_update = self._deferred_update or self.set_timer(QUIET_SECONDS, self._update_quietly)
            return
        self._state_since = self.gonogo.clock()
        if task is None or not self.pane.shows(task):
            self._confidence_level = 0
        self._show_status()
        self.history.show_recent(self.session.state.recent)
        if task is None:
            self._show_card()
        elif not self.pane.shows(task):
            self._show_task(task)

    def on_screen_resume(self) -> None:
        self._page.open()

    def _update_quietly(self) -> None:
        """Shows counts and states that changed while the question was just being shown."""
        self._deferred_update = None
        self._show_status()
        self.history.show_recent(self.session.state.recent)

    def _show_card(self) -> None:
        self.pane.clear()
        self.set_class(True, "-card")
        self._show_keys()
        self.words.update(annotate.state_card(self.session.state))

    def _show_task(self, task: DeskTask) -> None:
        self.set_class(False, "-card")
        self.pane.show_task(task)
        if task.id in self.gonogo.drafts:
            self.session.begun()
        self.pane.editor.hint.show(self.notes.hint(task))
        self.facts.show_task(task)
        self._show_keys()

    def show_hint(self) -> None:
        """Shows the line below the value of the question on the screen."""
        if self.pane.current is not None and not self.pane.editing:
            self.pane.editor.hint.show(self.notes.hint(self.pane.current))

    @on(CorrectionInput.Choosing)
    def _show_keys(self) -> None:
        if self.pane.editing:
            self.keys.show_editing(self.pane.editor)
            return
        chosen = actions.in_scope(actions.ANNOTATE, actions.EVERYWHERE)
        if self.pane.current is None:
            chosen = tuple(action for action in chosen if action.id in _WITHOUT_TASK)
        self.keys.show_actions(chosen, dimmed=self.pane.gate.dimmed)

    def _tick(self) -> None:
        """Counts down the wait for the server on the card."""
        state = self.session.state
        if self.has_class("-card") and state.retry_in is not None:
            self.words.update(annotate.state_card(state, self.gonogo.clock() - self._state_since))

    def _show_status(self) -> None:
        self._show_message()
        keys = actions.keys_of(actions.BY_ID["annotate.history"], self.gonogo.own_keys) or ("",)
        key = actions.key_name(keys[0])
        self.status.show_state(
            self.session.state, self._not_saved, sure=self._confidence_level, pace=self._show_pace, refused_key=key
        )

    def _show_message(self) -> None:
        """Shows the session's message as a notice; without a question, the card shows it."""
        state = self.session.state
        offline = state.retry_in is not None and state.stage is Stage.TASK  # the status line says so; work goes on
        message = "" if offline or self.session.current is None else state.message
        if message and message != self._message:
            self.gonogo.show_notice(f"{message} {state.next_step}", warning=True, seconds=15)
        self._message = message

    # --- events ----------------------------------------------------------------------------------------

    def on_resize(self, event: Resize) -> None:
        width, height = event.size
        self.set_class(height < 12 or (width < 64 and height < 18), "-no-drawing")
        self.pane.screen_resized(event)

    @on(TaskPane.Resized)
    def _pane_resized(self, event: TaskPane.Resized) -> None:
        self.session.page.limit(1 if self.pane.mode.turned_off else tiles_that_fit(*self.app.size))
        if event.first:
            self._unsubscribe = self.session.subscribe(self._update)
            if self._start_error is None:
                self._update()
            return
        if event.redraw:
            self.pane.current = None
            self._update()
        self._show_keys()

    @on(TaskPane.Painted)
    def _task_painted(self, event: TaskPane.Painted) -> None:
        if self.pane.shows(event.task):
            self.session.shown()

    @on(TaskPane.PrepareNext)
    def _prepare_next(self) -> None:
        task = self.session.upcoming()
        if task is not None:
            self.pane.prebuild(task)

    def on_key(self, event: Key) -> None:
        if not self.pane.editing:  # the editor reports its keys itself, in their order
            self._key_pressed(event)

    def on_paste(self, event: Paste) -> None:
        """Drops pasted text, which is never an answer."""
        event.stop()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.pane.allows(action, parameters)

    def _key_pressed(self, event: Key | Paste) -> None:
        self.session.key()
        before, self._confidence_before = self._confidence_before, None
        if not self.pane.gate.pressed(event):
            return
        if before is not None:
            self._confidence_level = before
            self._show_status()
        elif self._undo() is not None and not self.pane.guard.held:
            self.gonogo.show_notice("Keys came faster than a person types: the answer was taken back.", warning=True)

    # --- answers ---------------------------------------------------------------------------------------

    def action_decide(self, verdict: str) -> None:
        if self.pane.current is not None and self.pane.gate.accepts():
            self.decide(Decision(verdict))

    def action_sure(self, level: int) -> None:
        """Sets the confidence of the next answer; the same key again clears it."""
        if self.pane.current is not None and self.pane.gate.accepts():
            self._confidence_before = self._confidence_level
            self._confidence_level = 0 if self._confidence_level == level else level
            self.pane.guard.answered()
            self._show_status()

    def decide(self, decision: Decision) -> bool:
        """Passes the answer to the session, with the chosen confidence and note; false if it could not be saved."""
        task_id = self.pane.current.id if self.pane.current else ""
        level, self._confidence_level = self._confidence_level, 0
        if self.session.rejected.answering:
            self.app.clear_notifications()  # the request to answer again is met
        decision = replace(decision, confidence=level / 5 if level else None, note=self.notes.of(task_id))
        try:
            self._not_saved = ""
            self.session.decide(decision)
        except (OSError, DeskError) as error:
            self._confidence_level = level
            self._not_saved = str(error)
            self.gonogo.show_notice(annotate.not_saved_message(error, "answer"), error=True, seconds=15)
            self._show_status()
        else:
            self.notes.keep(task_id, TaskNote())
            self.pane.guard.answered()
        return not self._not_saved

    def action_undo(self) -> None:
        if self.session.rejected.cancel():
            self.gonogo.show_notice("The earlier answer stays; the history has it.")
        elif self._undo() is None:
            self.gonogo.show_notice(annotate.cannot_undo_message(self.session.state.recent))

    def _undo(self) -> DeskTask | None:
        try:
            undone = self.session.undo()
        except DeskError as error:
            self.gonogo.show_error(error)
            return None
        if undone is not None:
            self.restore(*undone)
        return undone[0] if undone is not None else None

    def restore(self, task: DeskTask, decision: Decision) -> None:
        """Restores the typed correction and the confidence of an undone answer."""
        typed = (decision.corrected_value or {}).get("text")
        if isinstance(typed, str):
            self.gonogo.drafts[task.id] = typed
        self.notes.keep(task.id, decision.note)
        self.show_hint()
        self._confidence_level = round((decision.confidence or 0) * 5)
        self._show_status()

    # --- other actions ---------------------------------------------------------------------------------

    def action_notes(self, name: str) -> None:
        self.notes.run(name)

    async def action_pane(self, action: str) -> None:
        await self.pane.run_action(action)

    def action_about(self) -> None:
        if self.pane.current is not None:
            mode = self.pane.mode.description
            self.app.push_screen(FullQuestionScreen(self.pane.current, self.session.guideline, mode, self.session.unit))

    def action_history(self) -> None:
        self.earlier.open_history()

    def action_retry(self) -> None:
        if self.session.state.stage is Stage.SIGNED_OUT:
            self.gonogo.navigator.show_sign_in("Sign in to go on with the same question.")
            return
        self.session.retry_now()
        self.pane.retry_picture()

    def action_practice(self) -> None:
        self.gonogo.navigator.show_practice()

    def action_pace(self) -> None:
        self._show_pace = not self._show_pace
        self.gonogo.remember("show_pace", self._show_pace)
        self._show_status()

    # --- correction ------------------------------------------------------------------------------------

    def action_fix(self) -> None:
        if self.pane.current is not None and self.pane.gate.accepts():
            self.open_editor(self.pane.current)

    def open_editor(self, task: DeskTask) -> None:
        self.pane.open_editor(self.gonogo.drafts.get(task.id, editable_text(task.predicted_value)), readings=True)
        self._show_keys()

    def action_leave(self) -> None:
        if (task := self.pane.current) is not None:
            self.gonogo.drafts[task.id] = self.pane.editor.text
        self.pane.close_editor()
        self.show_hint()
        self._show_keys()

    @on(Input.Changed)
    def _correction_changed(self) -> None:
        if self.pane.editing and self.pane.current is not None:
            self.gonogo.drafts[self.pane.current.id] = self.pane.editor.text  # a switch may remove the screen
            self.pane.editor.show_reading(self.pane.current.predicted_value)

    def action_repair(self, name: str) -> None:
        task = self.pane.current
        if task is not None and (problem := self.pane.editor.repair(name, task.predicted_value)):
            self.pane.editor.warn(problem)

    def action_incorrect(self) -> None:
        """Answers "incorrect" without a value; the typed text stays for an undo."""
        task = self.pane.current
        if task is not None and self.pane.editing and not self.pane.refuses_paste():
            self.gonogo.drafts[task.id] = self.pane.editor.text
            self.decide(Decision("incorrect"))

    def action_send(self) -> None:
        task, text = self.pane.current, self.pane.checked_correction()
        if task is None or text is None:
            return
        self.gonogo.drafts[task.id] = text
        self.decide(Decision("incorrect", corrected_value=correction.correction_value(text)))
        if not self._not_saved:
            self.gonogo.drafts.pop(task.id, None)

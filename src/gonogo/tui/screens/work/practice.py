"""Practice screen: known items, answered as on the annotate screen, with the right answer shown at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content
from textual.events import Key, Paste, Resize
from textual.screen import Screen
from textual.widgets import Input, Static

from gonogo.client.errors import GonogoClientError
from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.models import Decision, DeskTask
from gonogo.desk.practice.session import PracticeSession
from gonogo.schemas.verdicts import VERDICTS
from gonogo.tui import actions, workers
from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.layout.arrangement import FEEDBACK_PANEL
from gonogo.tui.presenters.common.format import editable_text
from gonogo.tui.presenters.work import annotate, correction, practice
from gonogo.tui.screens.work.full_question import FullQuestionScreen
from gonogo.tui.screens.work.sheet_facts import SheetFacts
from gonogo.tui.widgets.key_footer import KeyFooter
from gonogo.tui.widgets.scroll_lines import ScrollLines
from gonogo.tui.widgets.status_bar import Facts, StatusLine
from gonogo.tui.widgets.task.correction_input import CorrectionInput
from gonogo.tui.widgets.task.task_pane import TaskPane

if TYPE_CHECKING:
    from gonogo.desk.core.settings import Settings
    from gonogo.desk.session.dependencies import SessionDependencies

_SHARED = frozenset(
    "annotate." + name
    for name in (
        *(*VERDICTS, "fix", "context", "whole", "guideline", "left", "right", "up", "down", "closer"),
        *("away", "home", "rotate", "invert", "mode", "outside"),
    )
)
"""Actions that work as on the annotate screen."""


class PracticeScreen(Screen[None]):
    """Practice round. `then` opens the screen that follows; without it, leaving shows the screen below."""

    CSS_PATH = ["annotate.tcss", "practice.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        *actions.ANNOTATE.bindings({*_SHARED, "annotate.undo"}),
        *actions.PRACTICE.bindings(),
    ]
    ACTION_SCOPES = (actions.PRACTICE,)
    AUTO_FOCUS = ""

    gonogo = AppGetter()
    pane = getters.query_one(TaskPane)
    standing = getters.query_one("#practising", StatusLine)
    feedback = getters.query_one("#told", ScrollLines)
    facts = getters.query_one("#facts", Facts)
    words = getters.query_one("#words", Static)
    keys = getters.query_one("#keys", KeyFooter)

    def __init__(
        self,
        dependencies: SessionDependencies,
        *,
        clock: Callable[[], float],
        profile: Settings,
        then: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__()
        self.session = PracticeSession(dependencies)
        self._clock = clock
        self._profile = profile
        self._then = then
        self._answering = False
        self._sheet_facts = SheetFacts(lambda: self.pane, self._show_hint)
        self._unsubscribe: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        yield StatusLine(id="practising")
        yield TaskPane(
            self.session.pictures,
            ScrollLines(id="told"),
            Facts(id="facts"),
            Static(id="room"),
            on_key=self._key_pressed,
            clock=self._clock,
            settings=self._profile,
            panel_size=FEEDBACK_PANEL,
        )
        with Container(id="card"):
            yield Static(id="words", markup=False)
        yield StatusLine(id="toosmall")
        yield KeyFooter()

    async def on_mount(self) -> None:
        self.query_one("#toosmall", StatusLine).show(Content(annotate.TOO_SMALL))
        self.words.update(practice.practice_card(self.session))
        await self.session.start()
        self.set_class(self.session.current is None, "-card")

    async def on_unmount(self) -> None:
        self._unsubscribe()
        await self.session.aclose()

    # --- showing ---------------------------------------------------------------------------------------

    def _update(self) -> None:
        """Shows the session's state: the item, its feedback, or why there is none."""
        task = self.session.current
        if task is None:
            self.pane.clear()
            self.words.update(practice.practice_card(self.session))
        elif not self.pane.shows(task):
            self.pane.show_task(task)
            self._show_hint()
            self.facts.show_task(task)
        self.set_class(task is None, "-card")
        self.standing.show(practice.status_line(self.session))
        self._show_feedback()

    def _show_hint(self) -> None:
        """Shows class and unit of the sheet below the value."""
        if self.pane.current is not None and not self.pane.editing:
            self.pane.editor.hint.show(self._sheet_facts.line(self.pane.current, ""))

    def _show_feedback(self) -> None:
        attempt = self.session.shown_attempt
        self.set_class(attempt is not None, "-told")
        if attempt is not None:
            self.feedback.to_top()
            self.feedback.show(lambda _: practice.feedback_lines(attempt))
        self._show_keys()

    @on(CorrectionInput.Choosing)
    def _show_keys(self) -> None:
        if self.pane.editing:
            self.keys.show_editing(self.pane.editor)
            return
        has_feedback = self.session.shown_attempt is not None
        ids = {"practice.end", "app.help"} | ({"practice.on"} if has_feedback else set())
        ids |= {"practice.more"} if self.session.current is None and not has_feedback else set()
        chosen = [a for a in actions.in_scope(actions.PRACTICE, actions.EVERYWHERE) if a.id in ids]
        if not has_feedback and self.pane.current is not None:
            chosen = [*(a for a in actions.in_scope(actions.ANNOTATE) if a.id in _SHARED), *chosen]
        self.keys.show_actions(chosen, dimmed=not has_feedback and self.pane.gate.dimmed)

    # --- events ----------------------------------------------------------------------------------------

    def on_resize(self, event: Resize) -> None:
        width, height = event.size
        self.set_class(height < 12 or (width < 64 and height < 18), "-no-drawing")
        self.pane.screen_resized(event)

    @on(TaskPane.Resized)
    def _pane_resized(self, event: TaskPane.Resized) -> None:
        if event.first:
            self._unsubscribe = self.session.subscribe(self._update)
        if event.redraw:
            self.pane.current = None
        if event.first or event.redraw:
            self._update()
        else:
            self._show_feedback()

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
        if action in ("decide", "fix") and (self.session.shown_attempt is not None or self._answering):
            return False
        return self.pane.allows(action, parameters)

    def _key_pressed(self, event: Key | Paste) -> None:
        """Records a burst of keys; its answer stays, because the right one has been shown."""
        self.pane.gate.pressed(event)

    # --- answers ---------------------------------------------------------------------------------------

    def action_decide(self, verdict: str) -> None:
        if self.pane.current is not None and self.pane.gate.accepts():
            self._decide(Decision(verdict))

    def _decide(self, decision: Decision) -> None:
        if not self._answering:
            self._answering = True
            workers.start_exclusive(self, self._answer, decision, group="practice")
        self.pane.guard.answered()

    async def _answer(self, decision: Decision) -> None:
        try:
            await self.session.answer(decision)
        except (GonogoClientError, DeskError) as error:
            self.gonogo.show_notice(f"{error} {error.next_step} Then answer again.", error=True, seconds=15)
        else:
            self.pane.close_editor()
            self._show_feedback()
        finally:
            self._answering = False

    def action_undo(self) -> None:
        self.gonogo.show_notice(practice.CANNOT_UNDO if self.session.attempts else practice.NOTHING_TO_UNDO)

    def action_go_on(self) -> None:
        self.session.next_item()

    def action_more(self) -> None:
        self.session.retry_now()
        self.pane.retry_picture()

    async def action_end(self) -> None:
        if self._then is not None:
            await self._then()
        else:
            self.dismiss()

    async def action_pane(self, action: str) -> None:
        await self.pane.run_action(action)

    def action_about(self) -> None:
        if self.pane.current is not None:
            self.app.push_screen(FullQuestionScreen(self.pane.current, "", self.pane.mode.description))

    # --- correction ------------------------------------------------------------------------------------

    def action_fix(self) -> None:
        task = self.pane.current
        if task is not None and self.pane.gate.accepts():
            self.pane.open_editor(self.gonogo.drafts.get(task.id, editable_text(task.predicted_value)))
            self._show_keys()

    def _save_draft(self) -> DeskTask | None:
        task = self.pane.current
        if task is not None:
            self.gonogo.drafts[task.id] = self.pane.editor.text
        return task

    def action_leave(self) -> None:
        self._save_draft()
        self.pane.close_editor()
        self._show_hint()
        self._show_keys()

    @on(Input.Changed)
    def _correction_changed(self) -> None:
        if self.pane.editing and self.pane.current is not None:
            self.gonogo.drafts[self.pane.current.id] = self.pane.editor.text  # a switch may remove the screen
            self.pane.editor.show_reading(self.pane.current.predicted_value)

    def action_repair(self, name: str) -> None:
        if self.pane.current is not None and (
            problem := self.pane.editor.repair(name, self.pane.current.predicted_value)
        ):
            self.pane.editor.warn(problem)

    def action_incorrect(self) -> None:
        """Answers "incorrect" without a value."""
        if self.pane.editing and not self.pane.refuses_paste() and self._save_draft() is not None:
            self._decide(Decision("incorrect"))

    def action_send(self) -> None:
        text = self.pane.checked_correction()
        if text is not None and self._save_draft() is not None:
            self._decide(Decision("incorrect", corrected_value=correction.correction_value(text)))

"""The screen the work is done on: the place on the sheet, the value read off it, one key to answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import getters
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Static

from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.models import Decided, Decision, DeskTask, Stage
from gonogo.tui import actions
from gonogo.tui.presenters import annotate, correction
from gonogo.tui.presenters.format import value_text
from gonogo.tui.screens.work.question import QuestionScreen
from gonogo.tui.text import content
from gonogo.tui.widgets import status
from gonogo.tui.widgets.correction_input import CorrectionInput
from gonogo.tui.widgets.sheet_view import SheetView
from gonogo.tui.widgets.status import History, StatusBar, StatusLine
from gonogo.tui.widgets.value_view import ValueView

if TYPE_CHECKING:
    from gonogo.desk.annotate.session import AnnotateSession
    from gonogo.desk.core.settings import Settings

QUIET_SECONDS = 0.25


class AnnotateScreen(QuestionScreen):
    """Shows the desk's current task and hands answers to it. Keeps no state of the work itself."""

    CSS_PATH = "annotate.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.ANNOTATE.bindings()]
    ACTION_SCOPES = (actions.ANNOTATE,)

    facts = getters.query_one("#facts", StatusLine)
    history = getters.query_one("#history", History)

    def __init__(self, desk: AnnotateSession, *, clock: Callable[[], float], profile: Settings) -> None:
        super().__init__(desk, clock=clock, profile=profile)
        self.remove_class("-card")  # most starts have a question; taking the card away is styling the screen again
        self._show_pace = profile.show_pace
        self._sure = 0
        self._warning = self._told = ""
        self._later: Timer | None = None
        self._state_since = 0.0
        self._broken: Exception | None = None
        self._read_ahead: tuple[str, Content] = ("", Content(""))

    def compose(self) -> ComposeResult:
        yield StatusBar(id="status")
        with Horizontal(id="work"):
            yield SheetView(id="sheet")
            with Vertical(id="panel"):
                yield StatusLine(id="prompt")
                yield ValueView(id="value")
                with Vertical(id="edit"):
                    yield CorrectionInput(id="fix")
                    yield StatusLine(id="hint")
                yield StatusLine(id="facts")
                yield Static(id="room")
                yield StatusLine(id="before")
                yield History(id="history")
        with Container(id="card"):
            yield Static(id="words", markup=False)
        yield StatusLine(id="toosmall")
        yield StatusLine(id="keys")

    async def on_mount(self) -> None:
        self._use_mode(self._profile.picture_mode)
        self.line.noted = self._noted
        self.query_one("#before", StatusLine).show(Content.styled("before", "$quiet"))
        self.query_one("#toosmall", StatusLine).show(Content(annotate.TOO_SMALL))
        self.words.update(annotate.card(self.desk.state))
        self.set_interval(1, self._tick)
        await self._start()  # reads what lies on the desk; the network is behind it
        task = self.desk.current
        if task is not None:  # the question is in the first frame; its drawing needs the layout first
            self.prompt.show(content(task.prompt, 600))
            self.value.show(task.predicted_value)
        else:
            self.set_class(True, "-card")

    @property
    def whole(self) -> bool:
        """Question and drawing can be seen, and nobody is typing."""
        return self._question is not None and not self.guard.waiting and not self.editing

    async def _start(self) -> None:
        try:
            await self.desk.start()
        except (OSError, DeskError) as error:
            self._broken = error
            self.words.update(annotate.broken(error))

    # --- showing ---------------------------------------------------------------------------------------

    def _desk_changed(self) -> None:
        task = self.desk.current
        if task is not None and not self._other(task) and not self.guard.armed:
            self._later = self._later or self.set_timer(QUIET_SECONDS, self._quiet_change)
            return
        self._state_since = self.gonogo.clock()
        if task is None or self._other(task):
            self._sure = 0
        self._tell_status()
        self.history.tell(self.desk.state.recent)
        if task is None:
            self._show_card()
        elif self._other(task):
            self._show_task(task)

    def _quiet_change(self) -> None:
        """What changed behind a question that was just shown: counts and states, painted once."""
        self._later = None
        self._tell_status()
        self.history.tell(self.desk.state.recent)

    def _show_card(self) -> None:
        self._ask_nothing()
        self.gonogo.take_the_screen()
        self.words.update(annotate.card(self.desk.state))

    def _show_task(self, task: DeskTask) -> None:
        self._ask(task)
        if task.id in self.gonogo.drafts:
            self.desk.begun()
        self.hint.show(self._at_rest(task))
        self.facts.show(status.facts(task, self.facts.size.width, max(self.facts.size.height, 1)))
        self._show_keys()
        self._show_picture(task)

    def _seen(self) -> None:
        self.desk.shown()
        self.gonogo.question_seen()

    def _reading(self, task: DeskTask) -> Content:
        """The reading letter by letter, made ahead when it could be."""
        if self._read_ahead[0] != task.id:
            self._read_ahead = (task.id, correction.as_read(task.predicted_value))
        return self._read_ahead[1]

    def _at_rest(self, task: DeskTask) -> Content:
        """Under the value while nothing is typed."""
        if self.desk.rejected.answering:
            return Content.styled("refused before, asked again; undo leaves it", "$warning")
        return self._reading(task)

    def _following(self) -> DeskTask | None:
        return self.desk.upcoming()

    def _prebuild(self, task: DeskTask) -> None:
        super()._prebuild(task)
        self._reading(task)

    def _show_keys(self) -> None:
        chosen = actions.in_scope(*((actions.EDIT,) if self.editing else (actions.ANNOTATE, actions.EVERYWHERE)))
        if self._question is None:
            chosen = tuple(
                a
                for a in chosen
                if a.id in ("annotate.undo", "annotate.retry", "annotate.history", "annotate.practice", "app.help")
            )
        width = self.keys.size.width or self.app.size.width
        if self.editing and self.line.choosing:
            self.keys.show(status.symbol_line(width))
            return
        self.keys.show(status.key_line(chosen, self.gonogo.own_keys, width))

    def _first_layout(self) -> None:
        self._unsubscribe = self.desk.subscribe(self._desk_changed)
        if self._broken is None:
            self._desk_changed()

    def _tick(self) -> None:
        """Count the wait for the server down; nothing else on the screen moves by itself."""
        state = self.desk.state
        if self.has_class("-card") and state.retry_in is not None:
            self.words.update(annotate.card(state, self.gonogo.clock() - self._state_since))

    # --- keys ------------------------------------------------------------------------------------------

    def _noted(self) -> None:
        self.desk.key()
        self._warning = ""
        if self.guard.pressed():
            self._take_back()

    def action_decide(self, verdict: str) -> None:
        if self._question is not None and self.guard.counts:
            self._decide(Decision(verdict))

    def action_sure(self, level: int) -> None:
        """Confidence for the answer that follows; the same key again takes it back."""
        if self._question is not None:
            self._sure = 0 if self._sure == level else level
            self._tell_status()

    def _tell_status(self) -> None:
        self._tell_problem()
        keys = actions.keys_of(actions.BY_ID["annotate.history"], self.gonogo.own_keys) or ("",)
        key = actions.key_name(keys[0])
        self.status.tell(self.desk.state, self._not_saved, sure=self._sure, pace=self._show_pace, refused_key=key)

    def _tell_problem(self) -> None:
        """What the desk has to say while a question is shown; without one, the card says it."""
        state = self.desk.state
        offline = state.retry_in is not None and state.stage is Stage.TASK  # the status line says so; work goes on
        message = "" if offline or self._question is None else state.message
        if message and message != self._told:
            self.gonogo.say(f"{message} {state.next_step}", warning=True, seconds=15)
        self._told = message

    def _decide(self, decision: Decision) -> None:
        """Hand the answer to the desk, with the confidence that was given."""
        sure, self._sure = self._sure, 0
        decision = replace(decision, confidence=sure / 5 if sure else None)
        try:
            self._not_saved = ""
            self.desk.decide(decision)
        except (OSError, DeskError) as error:
            self._sure = sure
            self._could_not_save(error, "answer")
            self._tell_status()
        else:
            self.guard.decided()

    def action_undo(self) -> None:
        if self.desk.rejected.cancel():
            self.gonogo.say("The refused answer stays as it was; the history has it.")
        elif self._undo() is None:
            self.gonogo.say(annotate.nothing_to_undo(self.desk.state.recent))

    def _undo(self) -> DeskTask | None:
        try:
            undone = self.desk.undo()
        except DeskError as error:
            self.gonogo.say(f"{error} {error.next_step}", error=True, seconds=15)
            return None
        if undone is None:
            return None
        self._recall(*undone)
        return undone[0]

    def _recall(self, task: DeskTask, decision: Decision) -> None:
        """What was typed and chosen for `task` is there again."""
        typed = (decision.corrected_value or {}).get("text")
        if isinstance(typed, str):
            self.gonogo.drafts[task.id] = typed
        self._sure = round((decision.confidence or 0) * 5)
        self._tell_status()

    def _take_back(self) -> None:
        if self._undo() is not None:
            self.gonogo.say("Keys came faster than a person types: the answer was taken back.", warning=True)

    def action_history(self) -> None:
        from gonogo.tui.screens.work.history import HistoryScreen

        try:
            self.app.push_screen(HistoryScreen(self.desk), self._again)
        except DeskError as error:
            self.gonogo.say(f"{error} {error.next_step}", error=True, seconds=15)

    def _again(self, item: Decided | None) -> None:
        """Chosen in the history: a refused answer is given anew, from what was typed."""
        if item is None:
            return
        try:
            before = self.desk.rejected.answer_again(item.number)
        except DeskError as error:
            self.gonogo.say(f"{error} {error.next_step}", error=True, seconds=15)
            return
        if before is None or (task := self.desk.current) is None:
            self.gonogo.say("This answer is not refused any more.")
            return
        self._recall(task, before)
        self.gonogo.say(annotate.asked_again(item), warning=True, seconds=12)
        if before.corrected_value is not None:
            self._open_line(task)

    def action_retry(self) -> None:
        if self.desk.state.stage is Stage.SIGNED_OUT:
            self.gonogo.navigator.show_sign_in("Sign in to go on with the same question.")
            return
        self.desk.retry_now()
        self._look_again()

    def action_practice(self) -> None:
        self.gonogo.navigator.show_practice()

    def action_pace(self) -> None:
        self._show_pace = not self._show_pace
        self.gonogo.remember("show_pace", self._show_pace)
        self._tell_status()

    # --- the right value -------------------------------------------------------------------------------

    def action_fix(self) -> None:
        task = self._question
        if task is not None and self.guard.counts:
            self._open_line(task)

    def _open_line(self, task: DeskTask) -> None:
        self._start_typing(self.gonogo.drafts.get(task.id, value_text(task.predicted_value)))
        self.desk.edit(True)
        self._show_keys()

    def action_leave(self) -> None:
        if self._question is not None:
            self.gonogo.drafts[self._question.id] = self.line.value
        self._stop_typing()
        if self._question is not None:
            self.hint.show(self._at_rest(self._question))
        self._show_keys()

    def _stop_typing(self) -> None:
        if self.editing:
            super()._stop_typing()
            self.desk.edit(False)

    def on_input_changed(self, event: Input.Changed) -> None:
        if self.editing and self._question is not None and not self._warning:
            rows = max(self.hint.size.height, 1)
            self.hint.show(correction.reading(event.value, self._question.predicted_value, rows))

    def action_repair(self, name: str) -> None:
        task, text = self._question, self.line.value
        if task is None:
            return
        better = correction.repaired(name, text, task.predicted_value)
        if better == text:
            self._warn(correction.NOT_REPAIRED[name])
        else:
            self.line.put(better)

    def action_incorrect(self) -> None:
        """Incorrect without a value, from inside the line; what was typed stays for an undo."""
        if self._question is not None and self.editing and not self._pasted():
            self.gonogo.drafts[self._question.id] = self.line.value
            self._decide(Decision("incorrect"))

    def _warn(self, text: str) -> None:
        """Said under the line until the next key."""
        self._warning = text
        self.hint.show(Content.styled(text, "$warning"))

    def _pasted(self) -> bool:
        if self.guard.burst:
            self._warn("The key came with pasted text; press it again to send.")
        return self.guard.burst

    def action_send(self) -> None:
        task, text = self._question, self.line.value.strip()
        if task is None or not self.editing:
            return
        if self._pasted():
            return
        if refused := correction.refusal(text, task.predicted_value):
            self._warn(refused)
            return
        self.gonogo.drafts[task.id] = text
        self._decide(Decision("incorrect", corrected_value=correction.value_of(text)))
        if not self._not_saved:
            self.gonogo.drafts.pop(task.id, None)

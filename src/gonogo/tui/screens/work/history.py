"""History screen: answers, newest first, with their state; refused ones can be answered again, resent or dropped."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.events import Key
from textual.reactive import reactive
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input, OptionList, Static

from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.models import Decided, SendState
from gonogo.tui import actions
from gonogo.tui.app_protocol import AppGetter
from gonogo.tui.presenters.common.format import value_text
from gonogo.tui.presenters.work import answer_history
from gonogo.tui.presenters.work.annotate import outcome_text
from gonogo.tui.screens.work.full_question import SubjectDetails, full_question
from gonogo.tui.text import one_line
from gonogo.tui.widgets.key_footer import KeyFooter
from gonogo.tui.widgets.record_list import RecordList
from gonogo.tui.widgets.status_bar import StatusLine

if TYPE_CHECKING:
    from gonogo.desk.annotate.session import AnnotateSession

MAX_ANSWERS = 2_000
"""Most answers in the list, the newest ones."""
RELOAD_SECONDS = 0.3
"""Time from a change to reading the outbox, so that a burst of changes is read once."""


class HistoryScreen(ModalScreen[Decided | None]):
    """History of the answers of this login, with a search. Returns the answer to give again, if one was chosen."""

    CSS_PATH = "history.tcss"
    AUTO_FOCUS = "#answers"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.HISTORY.bindings()]
    ACTION_SCOPES = (actions.HISTORY,)

    gonogo = AppGetter()
    answers: getters.query_one[RecordList[Decided]] = getters.query_one("#answers", RecordList)
    search = getters.query_one("#search", Input)
    details = getters.query_one("#one", VerticalScroll)
    keys = getters.query_one("#how", KeyFooter)

    only_open: reactive[bool] = reactive(False, init=False)
    """Whether only answers are listed that have not reached the server."""

    def __init__(self, session: AnnotateSession) -> None:
        super().__init__()
        self._session = session
        self._history = session.history(limit=MAX_ANSWERS)
        self._changed: frozenset[int] = frozenset()
        self._to_drop: Decided | None = None
        self._ids = False
        self._reload_timer: Timer | None = None
        self._unsubscribe: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        with Vertical(id="history-card"):
            yield StatusLine(id="summary")
            yield Input(id="search", placeholder="search: value, verdict, state, kind, part")
            yield RecordList(self._entry, lambda answer: answer.number, id="answers")
            with VerticalScroll(id="one"):
                yield Static(id="words", markup=False)
            yield KeyFooter(id="how")

    def on_mount(self) -> None:
        self.details.display = False
        self._unsubscribe = self._session.subscribe(self._schedule_reload)
        self._show_answers()

    def on_unmount(self) -> None:
        self._unsubscribe()

    # --- showing ---------------------------------------------------------------------------------------

    def _schedule_reload(self) -> None:
        self._reload_timer = self._reload_timer or self.set_timer(RELOAD_SECONDS, self._reload)

    def _reload(self) -> None:
        self._reload_timer = None
        with contextlib.suppress(DeskError):  # the status line of the annotate screen shows it; the list stays
            answers = self._session.history(limit=MAX_ANSWERS)
            if answers != self._history:
                self._history = answers
                self._show_answers()

    def _show_answers(self) -> None:
        """Lists the answers that match the search."""
        words = self.search.value.lower().split()
        matching = [
            answer
            for answer in self._history
            if all(word in answer_history.search_text(answer) for word in words)
            and (not self.only_open or answer.state in answer_history.OPEN)
        ]
        self._changed = answer_history.changed_numbers(self._history)
        self.answers.show(matching)
        narrowed = bool(words) or self.only_open
        summary = answer_history.summary(self._history, len(matching) if narrowed else None)
        self.query_one("#summary", StatusLine).show(summary)

    def _entry(self, answer: Decided) -> Content:
        return answer_history.entry(answer, changed=answer.number in self._changed)

    def watch_only_open(self) -> None:
        self.answers.highlighted = None
        self._show_answers()

    def _show_keys(self) -> None:
        self.keys.show_actions(actions.HISTORY.actions)

    def _warn(self, text: str) -> None:
        """Shows a message in place of the keys, until the next key."""
        self.keys.show_text(Content.styled(one_line(text, 400), "$warning"))

    # --- events ----------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_keys)

    @on(Input.Changed)
    def _search(self) -> None:
        self.answers.highlighted = None
        self._show_answers()

    @on(Input.Submitted)
    def _leave_search(self) -> None:
        self.answers.focus()

    @on(Key)
    def _on_any_key(self, event: Key) -> None:
        self._show_keys()
        if event.key not in actions.keys_of(actions.BY_ID["history.drop"], self.gonogo.own_keys):
            self._to_drop = None
        if event.key == "down" and self.search.has_focus:
            event.stop()
            self.answers.focus()

    # --- actions ---------------------------------------------------------------------------------------

    @on(OptionList.OptionSelected)
    def action_open(self) -> None:
        answer = self.answers.current
        if answer is None or self.details.display:
            return
        self._show_details(answer)
        self.answers.display, self.details.display = False, True
        self.details.scroll_home(animate=False)
        self.details.focus()

    def _show_details(self, answer: Decided) -> None:
        others = tuple((value_text(value), "") for value in answer.task.other_readings)
        question = full_question(answer.task, None, details=SubjectDetails(ids=self._ids, others=others))
        self.query_one("#words", Static).update(answer_history.details(answer, question))

    def action_ids(self) -> None:
        answer = self.answers.current
        if answer is not None and self.details.display:
            self._ids = not self._ids
            self._show_details(answer)

    def action_search(self) -> None:
        self.search.focus()

    def action_only_open(self) -> None:
        self.only_open = not self.only_open

    def action_back(self) -> None:
        """Goes back one step: from details or search to the list, from the list to the question."""
        if self.details.display:
            self.answers.display, self.details.display = True, False
            self.answers.focus()
        elif self.search.has_focus:
            self.answers.focus()
        else:
            self.dismiss(None)

    def action_again(self) -> None:
        answer = self.answers.current
        if answer is None:
            return
        if answer.state is not SendState.PARKED:
            self._amend(answer)
        elif answer.final:
            self._warn(f"You can't answer this one again here. {answer.detail}")
        else:
            self.dismiss(answer)

    def _amend(self, answer: Decided) -> None:
        """Returns an answer that the server has, to be changed; warns when it can't be."""
        problem = answer_history.cannot_amend_message(answer, self._session.takes_amendments)
        if problem:
            self._warn(problem)
        else:
            self.dismiss(answer)

    def action_resend(self) -> None:
        answer = self.answers.current
        if answer is not None and not self._change(lambda: self._session.rejected.resend(answer.number)):
            self._warn(f"Not sent again: only a refused answer is. This one: {outcome_text(answer)}.")

    def action_drop(self) -> None:
        answer, confirmed = self.answers.current, self._to_drop
        self._to_drop = None
        if answer is None:
            return
        if answer.state is not SendState.PARKED:
            self._warn(f"Not deleted: only a refused answer can be. This one: {outcome_text(answer)}.")
        elif confirmed != answer:
            self._to_drop = answer
            self._warn("The same key again deletes it for good; any other keeps it.")
        elif not self._change(lambda: self._session.rejected.drop(answer.number)):
            self._warn("Not deleted: it was sent meanwhile.")

    def _change(self, change: Callable[[], bool]) -> bool:
        """Runs a change of the outbox and shows its error. Returns false if it changed nothing."""
        try:
            changed = change()
        except DeskError as error:
            self._warn(f"{error} {error.next_step}")
            return True
        self._reload()
        return changed

    def action_undo(self) -> None:
        """Undoes the last answer while it is in the undo buffer; warns for any other answer."""
        answer = self.answers.current
        if answer is None:
            self._warn("Nothing to take back here.")
            return
        if answer is self._history[0] and answer.state is SendState.ON_DESK:
            self.dismiss(None)
            self.app.call_later(self.app.run_action, "screen.undo")
            return
        on_desk = answer.state is SendState.ON_DESK
        self._warn(f"Not taken back: {'only the last answer can be taken back' if on_desk else outcome_text(answer)}.")

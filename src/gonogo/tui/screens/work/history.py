"""What was answered, newest first, and what became of each answer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import getters
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.models import Decided, SendState
from gonogo.tui import actions
from gonogo.tui.app_protocol import app_of
from gonogo.tui.presenters.annotate import fate
from gonogo.tui.presenters.format import value_text, verdict_sign
from gonogo.tui.screens.work.full_question import full_question
from gonogo.tui.text import one_line, styled
from gonogo.tui.widgets.status import StatusLine, key_line

if TYPE_CHECKING:
    from gonogo.desk.annotate.session import AnnotateSession

MOST = 2_000
"""So many answers, the newest, are listed."""
AGAIN_SECONDS = 0.3
_UNSENT = (SendState.ON_DESK, SendState.QUEUED, SendState.SENDING)
_OPEN = (*_UNSENT, SendState.PARKED)
_STATE_COLORS = {SendState.PARKED: "$warning", SendState.LATE: "$warning", SendState.SENT: "$quiet"}


class HistoryScreen(ModalScreen[Decided | None]):
    """All answers of this login, and what can be done about refused ones. Gives back the one to answer again."""

    CSS_PATH = "history.tcss"
    AUTO_FOCUS = "#answers"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.HISTORY.bindings()]
    ACTION_SCOPES = (actions.HISTORY,)

    answers = getters.query_one("#answers", OptionList)
    search = getters.query_one("#search", Input)
    one = getters.query_one("#one", VerticalScroll)
    how = getters.query_one("#how", StatusLine)

    def __init__(self, desk: AnnotateSession) -> None:
        super().__init__()
        self._desk = desk
        self._past = desk.history(limit=MOST)
        self._found: list[Decided] = []
        self._only_open = False
        self._to_drop: Decided | None = None
        self._later: Timer | None = None
        self._unsubscribe: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        with Vertical(id="history-card"):
            yield StatusLine(id="summary")
            yield Input(id="search", placeholder="search: value, verdict, state, kind, part")
            yield OptionList(id="answers", markup=False)
            with VerticalScroll(id="one"):
                yield Static(id="words", markup=False)
            yield StatusLine(id="how")

    def on_mount(self) -> None:
        self.one.display = False
        self._unsubscribe = self._desk.subscribe(self._desk_changed)
        self._list()

    def on_unmount(self) -> None:
        self._unsubscribe()

    # --- showing ---------------------------------------------------------------------------------------

    def _desk_changed(self) -> None:
        """Something was sent or refused; a burst of changes is one look at the disk."""
        self._later = self._later or self.set_timer(AGAIN_SECONDS, self._look_again)

    def _look_again(self) -> None:
        self._later = None
        with contextlib.suppress(DeskError):  # the status line of the work says it; the list stays as it was
            past = self._desk.history(limit=MOST)
            if past != self._past:
                self._past = past
                self._list()

    def _list(self) -> None:
        """The answers searched for, the same place in the list chosen as before."""
        at, words = self.answers.highlighted or 0, self.search.value.lower().split()
        self._found = [
            item
            for item in self._past
            if all(word in searchable(item) for word in words) and (not self._only_open or item.state in _OPEN)
        ]
        self.answers.clear_options()
        self.answers.add_options([Option(row(item)) for item in self._found])
        if self._found:
            self.answers.highlighted = min(at, len(self._found) - 1)
        narrowed = bool(words) or self._only_open
        self.query_one("#summary", StatusLine).show(summary(self._past, len(self._found) if narrowed else None))

    def _show_keys(self) -> None:
        gonogo = app_of(self)
        self.how.show(key_line(actions.in_scope(actions.HISTORY), gonogo.own_keys, self.how.size.width))

    def _tell(self, text: str) -> None:
        """Said in place of the keys, until the next one."""
        self.how.show(Content.styled(one_line(text, 400), "$warning"))

    @property
    def _chosen(self) -> Decided | None:
        at = self.answers.highlighted
        return self._found[at] if at is not None and at < len(self._found) else None

    # --- events ----------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_keys)

    def on_input_changed(self, event: Input.Changed) -> None:
        self.answers.highlighted = None
        self._list()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.answers.focus()

    def on_key(self, event: Key) -> None:
        self._show_keys()
        own = app_of(self).own_keys
        if event.key not in actions.keys_of(actions.BY_ID["history.drop"], own):
            self._to_drop = None
        if event.key == "down" and self.search.has_focus:
            event.stop()
            self.answers.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.action_open()

    # --- keys ------------------------------------------------------------------------------------------

    def action_open(self) -> None:
        item = self._chosen
        if item is None or self.one.display:
            return
        self.query_one("#words", Static).update(in_full(item))
        self.answers.display, self.one.display = False, True
        self.one.scroll_home(animate=False)
        self.one.focus()

    def action_search(self) -> None:
        self.search.focus()

    def action_only_open(self) -> None:
        self._only_open = not self._only_open
        self.answers.highlighted = None
        self._list()

    def action_back(self) -> None:
        """From one answer to the list, from the list to the question."""
        if self.one.display:
            self.answers.display, self.one.display = True, False
            self.answers.focus()
        elif self.search.has_focus:
            self.answers.focus()
        else:
            self.dismiss(None)

    def action_again(self) -> None:
        item = self._chosen
        if item is None:
            return
        if item.state is not SendState.PARKED:
            self._tell(f"Not answered again: only a refused answer is. This one: {fate(item)}.")
        elif item.final:
            self._tell(f"This one cannot be given anew here. {item.detail}")
        else:
            self.dismiss(item)

    def action_resend(self) -> None:
        item = self._chosen
        if item is not None and not self._done(lambda: self._desk.rejected.resend(item.number)):
            self._tell(f"Not sent again: only a refused answer is. This one: {fate(item)}.")

    def action_drop(self) -> None:
        item, asked = self._chosen, self._to_drop
        self._to_drop = None
        if item is None:
            return
        if item.state is not SendState.PARKED:
            self._tell(f"Not deleted: only a refused answer can be. This one: {fate(item)}.")
        elif asked != item:
            self._to_drop = item
            self._tell("The same key again deletes it for good; any other keeps it.")
        elif not self._done(lambda: self._desk.rejected.drop(item.number)):
            self._tell("Not deleted: it is not refused any more.")

    def _done(self, work: Callable[[], bool]) -> bool:
        """Whether `work` did something; what the disk says against it is told."""
        try:
            done = work()
        except DeskError as error:
            self._tell(f"{error} {error.next_step}")
            return True
        self._look_again()
        return done

    def action_undo(self) -> None:
        """Only the last answer, and only while it is on the desk, can be taken back; say so of the others."""
        item = self._chosen
        if item is not None and item is self._past[0] and item.state is SendState.ON_DESK:
            self.dismiss(None)
            self.app.call_later(self.app.run_action, "screen.undo")
        elif item is not None:
            words = "only the last answer can be taken back" if item.state is SendState.ON_DESK else fate(item)
            self._tell(f"Not taken back: {words}.")


def summary(past: Sequence[Decided], found: int | None) -> Content:
    """`142 answers: 139 sent, 2 waiting, 1 refused`, and how many of them were found."""
    refused = sum(item.state is SendState.PARKED for item in past)
    waiting = sum(item.state in _UNSENT for item in past)
    replaced = sum(item.state is SendState.REPLACED for item in past)
    sent = len(past) - refused - waiting - replaced
    counted = [(sent, "sent"), (waiting, "waiting here"), (refused, "refused"), (replaced, "answered again")]
    parts = ", ".join(f"{count} {word}" for count, word in counted if count)
    answers = "1 answer" if len(past) == 1 else f"{len(past)} answers"
    text = f"{answers}: {parts}" if parts else "No answers yet."
    shown = f"   {found} found" if found is not None else ""
    return Content.assemble((text, "bold $strong"), (shown, "$foreground"))


def row(item: Decided) -> Content:
    """One line: sign, value, correction, what became of it."""
    sign, color = verdict_sign(item.decision.verdict)
    value = one_line(value_text(item.task.predicted_value, 30) or "–", 30)
    parts = [Content.styled(f"{sign} ", f"bold {color}"), Content.styled(f"{value:<18}", "$foreground")]
    if item.decision.corrected_value is not None:
        corrected = value_text(item.decision.corrected_value, 30)
        parts += [Content.styled(" → ", "$quiet"), styled(corrected, "$foreground")]
    parts += [Content("  "), styled(fate(item), _STATE_COLORS.get(item.state, "$foreground"))]
    return Content.assemble(*parts)


def searchable(item: Decided) -> str:
    """Everything of an answer that a search looks at, in lower case."""
    task, made = item.task, item.decision
    values = (value_text(task.predicted_value), value_text(made.corrected_value), task.target_kind, task.detail_kind)
    links = " ".join(value for _, value in task.links)
    return " ".join((made.verdict, *values, task.field_name, task.prompt, links, fate(item))).lower()


def in_full(item: Decided) -> Content:
    """The answer, what became of it, where its time went, and the question in full."""
    made, times = item.decision, item.decision.times
    said = made.verdict if made.corrected_value is None else f"{made.verdict} → {value_text(made.corrected_value)}"
    sure = "not given" if made.confidence is None else f"{round(made.confidence * 5)} of 5"
    spent = (
        f"looking {times.looking / 1000:.1f} s, editing {times.editing / 1000:.1f} s, "
        f"idle {times.idle / 1000:.1f} s, waiting {times.waiting / 1000:.1f} s"
    )
    rows = [("answer", said), ("state", fate(item)), ("sure", sure), ("time", spent)]
    told = [Content.assemble((f"{name:<8}", "$quiet"), styled(text, "$foreground")) for name, text in rows]
    return Content("\n\n").join([Content("\n").join(told), full_question(item.task, None)])

"""What was answered, newest first, and what became of each answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from gonogo.desk.types import Decided, SendState
from gonogo.tui.screens.about import full_question
from gonogo.tui.screens.wording import fate
from gonogo.tui.text import one_line, styled
from gonogo.tui.widgets.lines import SIGNS, Line
from gonogo.tui.widgets.value_view import value_text

MOST = 2_000
"""So many answers, the newest, are listed."""
_UNSENT = (SendState.ON_DESK, SendState.QUEUED, SendState.SENDING)
_STATE_COLORS = {SendState.PARKED: "$warning", SendState.LATE: "$warning", SendState.SENT: "$quiet"}


class HistoryScreen(ModalScreen[None]):
    """Opened with h. `/` searches, Enter shows one answer with its question in full, Esc goes back."""

    CSS_PATH = "history.tcss"
    AUTO_FOCUS = "#answers"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,h,q", "back", "back", show=False),
        Binding("slash", "search", "search", show=False),
        Binding("u,backspace", "undo", "undo", show=False),
    ]

    answers = getters.query_one("#answers", OptionList)
    search = getters.query_one("#search", Input)
    one = getters.query_one("#one", VerticalScroll)

    def __init__(self, past: Sequence[Decided]) -> None:
        super().__init__()
        self._past = past
        self._found: list[Decided] = []

    def compose(self) -> ComposeResult:
        with Vertical(id="history-card"):
            yield Line(id="summary")
            yield Input(id="search", placeholder="search: value, verdict, state, kind, part")
            yield OptionList(id="answers", markup=False)
            with VerticalScroll(id="one"):
                yield Static(id="words", markup=False)
            yield Line(id="how")

    def on_mount(self) -> None:
        self.one.display = False
        how = "↑ ↓ choose   Enter in full   / search   u take back   Esc back"
        self.query_one("#how", Line).show(Content.styled(how, "$quiet"))
        self._list("")

    def _list(self, wanted: str) -> None:
        words = wanted.lower().split()
        self._found = [item for item in self._past if all(word in searchable(item) for word in words)]
        self.answers.clear_options()
        self.answers.add_options([Option(row(item)) for item in self._found])
        if self._found:
            self.answers.highlighted = 0
        self.query_one("#summary", Line).show(summary(self._past, len(self._found) if words else None))

    def on_input_changed(self, event: Input.Changed) -> None:
        self._list(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.answers.focus()

    def on_key(self, event: Key) -> None:
        if event.key == "down" and self.search.has_focus:
            event.stop()
            self.answers.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        item = self._found[event.option_index]
        self.query_one("#words", Static).update(in_full(item))
        self.answers.display, self.one.display = False, True
        self.one.scroll_home(animate=False)
        self.one.focus()

    def action_search(self) -> None:
        self.search.focus()

    def action_back(self) -> None:
        """From one answer to the list, from the list to the question."""
        if self.one.display:
            self.answers.display, self.one.display = True, False
            self.answers.focus()
        elif self.search.has_focus:
            self.answers.focus()
        else:
            self.dismiss(None)

    def action_undo(self) -> None:
        """Only the last answer, and only while it is on the desk, can be taken back; say so of the others."""
        at = self.answers.highlighted
        item = self._found[at] if at is not None and at < len(self._found) else None
        if item is not None and item is self._past[0] and item.state is SendState.ON_DESK:
            self.dismiss(None)
            self.app.call_later(self.app.run_action, "screen.undo")
        elif item is not None:
            words = "only the last answer can be taken back" if item.state is SendState.ON_DESK else fate(item)
            self.query_one("#how", Line).show(Content.styled(f"Not taken back: {one_line(words)}.", "$warning"))


def summary(past: Sequence[Decided], found: int | None) -> Content:
    """`142 answers: 139 sent, 2 waiting, 1 refused`, and how many of them were found."""
    refused = sum(item.state is SendState.PARKED for item in past)
    waiting = sum(item.state in _UNSENT for item in past)
    counted = [(len(past) - refused - waiting, "sent"), (waiting, "waiting here"), (refused, "refused")]
    parts = ", ".join(f"{count} {word}" for count, word in counted if count)
    answers = "1 answer" if len(past) == 1 else f"{len(past)} answers"
    text = f"{answers}: {parts}" if parts else "No answers yet."
    shown = f"   {found} found" if found is not None else ""
    return Content.assemble((text, "bold $strong"), (shown, "$foreground"))


def row(item: Decided) -> Content:
    """One line: sign, value, correction, what became of it."""
    sign, color = SIGNS.get(item.decision.verdict, ("•", "$foreground"))
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
        f"looking {times.looking / 1000:.1f} s, editing {times.editing / 1000:.1f} s, idle {times.idle / 1000:.1f} s"
    )
    rows = [("answer", said), ("state", fate(item)), ("sure", sure), ("time", spent)]
    told = [Content.assemble((f"{name:<8}", "$quiet"), styled(text, "$foreground")) for name, text in rows]
    return Content("\n\n").join([Content("\n").join(told), full_question(item.task, "")])

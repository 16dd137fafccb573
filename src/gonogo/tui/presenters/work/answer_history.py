"""Texts of the history screen: its summary, an answer in one line and in full, and the text that a search matches."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from gonogo.desk.core.models import AMENDABLE, HELP, UNSENT, Decided, SendState
from gonogo.schemas.counted_nouns import counted
from gonogo.tui.presenters.common.format import field_line, value_text, verdict_sign
from gonogo.tui.presenters.work.annotate import outcome_text
from gonogo.tui.presenters.work.question_notes import note_text
from gonogo.tui.text import one_line, styled

OPEN = (*UNSENT, SendState.PARKED)
"""States of an answer that has not reached the server."""
VALUE_WIDTH = 24
"""Cells of an entry's value, so that the states stand below each other."""
_COLORS = {SendState.PARKED: "$warning", SendState.LATE: "$warning", SendState.SENT: "$quiet"}


def summary(answers: Sequence[Decided], n_matching: int | None) -> Content:
    """Summary: `142 answers: 139 sent, 2 waiting, 1 refused`, and the number that matches a search.

    A changed answer counts once, as it is now.
    """
    n_changed = len(changed_numbers(answers))
    refused = sum(answer.state is SendState.PARKED for answer in answers)
    waiting = sum(answer.state in UNSENT for answer in answers)
    replaced = sum(answer.state is SendState.REPLACED for answer in answers)
    sent = len(answers) - refused - waiting - replaced - n_changed
    counts = [
        (sent, "sent"),
        (waiting, "waiting here"),
        (refused, "refused"),
        (replaced, "answered again"),
        (n_changed, "changed since"),
    ]
    parts = ", ".join(f"{count} {word}" for count, word in counts if count)
    total = counted(len(answers) - n_changed, "answer")
    text = f"{total}: {parts}" if parts else "No answers yet."
    matching = f"   {n_matching} found" if n_matching is not None else ""
    return Content.assemble((text, "bold $strong"), (matching, "$foreground"))


def changed_numbers(answers: Sequence[Decided]) -> frozenset[int]:
    """Numbers of the answers that a later one to the same question stands for; `answers` are newest first."""
    later: set[str] = set()
    changed = set()
    for answer in answers:
        if answer.state is SendState.SENT and answer.task.id in later:
            changed.add(answer.number)
        if answer.state in (*UNSENT, SendState.SENT):
            later.add(answer.task.id)
    return frozenset(changed)


def entry(answer: Decided, *, changed: bool = False) -> Content:
    """Entry of the list: sign, value, correction, and whether the server has the answer; `changed`: a later one has."""
    sign, color = verdict_sign(answer.decision.verdict)
    value = one_line(value_text(answer.task.predicted_value, VALUE_WIDTH) or "–", VALUE_WIDTH)
    parts = [Content.styled(f"{sign} ", f"bold {color}"), Content.styled(f"{value:<{VALUE_WIDTH}}", "$foreground")]
    if answer.decision.corrected_value is not None:
        corrected = value_text(answer.decision.corrected_value, 30)
        parts += [Content.styled(" → ", "$quiet"), styled(corrected, "$foreground")]
    parts += [
        Content("  "),
        styled("changed since" if changed else outcome_text(answer), _COLORS.get(answer.state, "$foreground")),
    ]
    return Content.assemble(*parts)


def cannot_amend_message(answer: Decided, takes_amendments: bool | None) -> str:
    """Reason why an answer can't be changed; empty when it can, unless its question is settled by now."""
    if answer.state is SendState.ON_DESK:
        return "Still on your desk: u takes it back."
    if answer.state not in AMENDABLE:
        return f"This answer can't be changed: {outcome_text(answer)}."
    if answer.decision.verdict == HELP:
        return "You gave this question to the lead, who will rule on it."
    if takes_amendments is None:
        return "The server hasn't said yet whether it lets answers be changed. Try again in a moment."
    return "" if takes_amendments else "This server doesn't let answers be changed. Tell the campaign's lead."


def search_text(answer: Decided) -> str:
    """Searchable text of an answer, in lower case."""
    task, decision = answer.task, answer.decision
    values = (value_text(task.predicted_value), value_text(decision.corrected_value))
    kinds = (task.target_kind, task.detail_kind, task.field_name)
    links = " ".join(value for _, value in task.links)
    return " ".join(
        (decision.verdict, note_text(decision.note), *values, *kinds, task.prompt, links, outcome_text(answer))
    ).lower()


def details(answer: Decided, question: Content) -> Content:
    """Details of an answer: its state, its confidence and its time; below them the question in full."""
    decision, times = answer.decision, answer.decision.times
    corrected = "" if decision.corrected_value is None else f" → {value_text(decision.corrected_value)}"
    spent = (
        f"looking {times.looking / 1000:.1f} s, editing {times.editing / 1000:.1f} s, "
        f"idle {times.idle / 1000:.1f} s, waiting {times.waiting / 1000:.1f} s"
    )
    fields = [
        ("answer", "given to the lead" if decision.verdict == HELP else f"{decision.verdict}{corrected}"),
        ("state", outcome_text(answer)),
        ("sure", "not given" if decision.confidence is None else f"{round(decision.confidence * 5)} of 5"),
        ("time", spent),
    ]
    if decision.note:
        fields.insert(1, ("note", note_text(decision.note)))
    trace = answer.detail.partition("\n")[2]
    fields += [("details", trace)] if trace else []
    lines = [field_line(name, styled(text, "$foreground")) for name, text in fields]
    return Content("\n\n").join([Content("\n").join(lines), question])

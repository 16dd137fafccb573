"""Texts of the gold candidates screen: a ruling proposed as gold, and what accepting it does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from gonogo.sheets.models import NoPicture
from gonogo.tui.presenters.common import empty_state
from gonogo.tui.presenters.common.format import (
    field_line,
    paragraphs,
    styled_answer,
    styled_value,
    styled_verdict,
    value_text,
)
from gonogo.tui.text import content, one_line, styled
from gonogo.values import equal

if TYPE_CHECKING:
    from gonogo.schemas.review import GoldCandidate

STATUSES = ("candidate", "accepted", "declined")
STATUS_NAMES = {"candidate": "proposed", "accepted": "accepted", "declined": "declined"}
NO_ROOM = NoPicture("There is no room for the drawing here.", "Make the terminal larger.")
LOADING = empty_state.waiting("Fetching the gold candidates")


def _empty(heading: str, *texts: str) -> Content:
    title = empty_state.heading("✓", "$correct", heading)
    return paragraphs(title, *(Content.styled(text, "$foreground") for text in texts))


EMPTY = {
    "candidate": _empty(
        "No ruling is proposed as gold",
        "An expert proposes one with g before ruling on a task; it then waits here for you.",
        "Gold measures everybody: half of it should be wrong predictions. t lists what was accepted. Esc goes back.",
    ),
    "accepted": _empty("Nothing was accepted yet", "t goes on to what was declined. Esc goes back."),
    "declined": _empty("Nothing was declined", "t goes back to what is proposed. Esc goes back."),
}
"""Cards in place of an empty list, by status."""


def entry(candidate: GoldCandidate) -> Content:
    """Entry of the list: the prediction; below it verdict and error type."""
    task, ruling = candidate.task, candidate.ruling
    reading = value_text(task.predicted_value, 60) or one_line(task.prompt or "", 60)
    error_type = f"  {_error_type(candidate)}" if ruling.error_type else ""
    return Content.assemble(
        styled(reading, "bold $foreground"), "\n  ", styled_verdict(ruling.verdict), (error_type, "$quiet")
    )


def details(candidate: GoldCandidate) -> Content:
    """Details of a candidate, a line each."""
    ruling, task = candidate.ruling, candidate.task
    expert = one_line(ruling.expert_name or "an expert", 40)
    date = f", {one_line(ruling.created_at[:10])}" if ruling.created_at else ""
    difference = _difference(candidate)
    fields = [
        ("read", styled_value(task.predicted_value, 80)),
        ("ruled", styled_answer(ruling.verdict, ruling.corrected_value, 80)),
        *([("error", content(_error_type(candidate), 60))] if ruling.error_type else []),
        *([("differs", content(difference, 80))] if difference else []),
        ("note", Content(f"“{one_line(ruling.note, 300)}”") if ruling.note else Content.styled("none", "$quiet")),
        ("by", Content.styled(expert + date, "$quiet")),
        ("asks", Content.styled(_purpose(candidate), "$quiet")),
    ]
    return Content("\n").join([field_line(name, value) for name, value in fields])


def _error_type(candidate: GoldCandidate) -> str:
    return one_line(candidate.ruling.error_type or "", 40).replace("_", " ")


def _difference(candidate: GoldCandidate) -> str:
    """Difference of prediction and ruled value, in an engineer's words."""
    predicted, ruled = candidate.task.predicted_value, candidate.ruling.corrected_value
    if predicted is None or ruled is None:
        return ""
    return one_line(equal(predicted, ruled).reason.removeprefix("differs: "), 80)


def _purpose(candidate: GoldCandidate) -> str:
    """Purpose of the gold item: the error rate that it measures."""
    if candidate.ruling.verdict == "correct":
        return "whether people refuse what is right (false reject)"
    return "whether people let this error pass (false accept)"


def decision_message(candidate: GoldCandidate, accept: bool) -> str:
    """Message after a decision."""
    reading = value_text(candidate.task.predicted_value, 40) or "It"
    if accept:
        return f"{reading} is gold now: hidden among the tasks, it measures who answers it."
    return f"{reading} is not gold; the ruling stays. t lists what was declined, a takes it after all."


def accept_all_card(candidates: Sequence[GoldCandidate]) -> Content:
    """Card before a whole list is accepted: its consequence."""
    count, wrong = len(candidates), sum(candidate.ruling.verdict != "correct" for candidate in candidates)
    become = "ruling becomes" if count == 1 else "rulings become"
    return paragraphs(
        Content.styled("Accept all as gold?" if count > 1 else "Accept it as gold?", "bold $strong"),
        content(
            f"{count} {become} gold: {wrong} with a wrong prediction, {count - wrong} "
            "with a right one. Each is hidden among the tasks and scores everybody who answers it."
        ),
        content("You can't take gold back here. Type yes to accept."),
    )

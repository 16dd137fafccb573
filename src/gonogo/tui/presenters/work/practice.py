"""Texts of the practice screen: feedback on an answer, progress, and the score against the pass mark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from gonogo.schemas.counted_nouns import counted
from gonogo.tui.presenters.common import empty_state
from gonogo.tui.presenters.common.format import (
    field_line,
    paragraphs,
    styled_answer,
    styled_value,
    styled_verdict,
    value_text,
)
from gonogo.tui.presenters.work.correction import marked_changes
from gonogo.tui.text import content, one_line

if TYPE_CHECKING:
    from gonogo.desk.practice.session import PracticeAttempt, PracticeSession
    from gonogo.schemas.review import PracticeStanding


CANNOT_UNDO = "Practice answers stay: the right one has been shown. Enter goes on."
NOTHING_TO_UNDO = "Nothing to take back: answer this one first."


def feedback_lines(attempt: PracticeAttempt) -> list[Content]:
    """Lines after an answer: right or wrong, then what the drawing shows, letter by letter, and why."""
    result, decision = attempt.feedback, attempt.decision
    mark = ("✓ Right", "bold $correct") if result.right else ("✗ Not right", "bold $incorrect")
    answer = styled_answer(decision.verdict, decision.corrected_value)
    lines = [Content.assemble(mark), _field("you said", answer)]
    if result.right and result.verdict == "correct":
        return [*lines, *_note(attempt)]
    lines.append(_field("it is", styled_verdict(result.verdict)))
    if result.value is not None:
        lines.append(_field("in frame", styled_value(result.value)))
        lines.append(_field("changed", marked_changes(value_text(result.value), attempt.task.predicted_value)))
    difference = (result.difference or "").removeprefix("differs: ")
    reasons = [one_line(part, 80).replace("_", " ") for part in (result.error_type, difference) if part]
    if reasons:
        lines.append(_field("what", content(" · ".join(reasons))))
    return [*lines, *_note(attempt)]


def _field(name: str, value: Content) -> Content:
    return field_line(name, value, 10)


def _note(attempt: PracticeAttempt) -> list[Content]:
    note = attempt.feedback.note
    return [_field("expert", content(f"“{one_line(note, 200)}”"))] if note else []


def standing_text(standing: PracticeStanding | None) -> str:
    """Standing in words: `14 of 18; 80 % of 20 to pass`."""
    if standing is None:
        return ""
    text = f"{standing.right} of {standing.n}" if standing.n else "no answers yet"
    if standing.pass_mark is not None:
        text += f"; {standing.pass_mark:.0%} of {standing.needed} to pass"
        text += " ✓ passed" if standing.passed else ""
    return text


def queue_closed_reason(standing: PracticeStanding | None) -> str:
    """Reason why the queue is closed; empty if it is open."""
    if standing is None or standing.waits_for is None:
        return ""
    if standing.waits_for == "warm_up":
        return f"The queue opens after {counted(standing.warm_up_left, 'more warm-up item')}."
    if standing.waits_for == "qualification":
        left = max(standing.needed - standing.n, 0)
        return "The queue opens when you pass" + (f": {counted(left, 'answer')} to go." if left else ".")
    return "The lead has paused your work here; ask the lead."


def status_line(practice: PracticeSession) -> Content:
    """Status line: that this is practice, progress, standing."""
    done, total = practice.state.done, practice.state.total
    parts = [Content.styled("practice", "bold $accent"), Content.styled("nothing here counts", "$quiet")]
    if total:
        parts.append(Content.styled(f"{done} / {total}", "$foreground"))
    if practice.standing is not None:
        parts.append(Content.styled(f"score: {standing_text(practice.standing)}", "$quiet"))
    return Content("   ").join(parts)


def practice_card(practice: PracticeSession) -> Content:
    """Card in place of an item: loading, a problem, nothing to practise on, or the summary."""
    if practice.problem is not None:
        heading = empty_state.heading("!", "$warning", "There is no practice now")
        texts = [
            str(practice.problem),
            practice.problem.next_step,
            empty_state.again(practice.problem),
            "Esc goes to the queue.",
        ]
        return paragraphs(heading, *(content(text, 600) for text in texts if text))
    if practice.standing is None:
        return empty_state.waiting("Fetching known items")
    if not practice.attempts:
        heading = empty_state.heading("–", "$accent", "Nothing to practise on yet")
        texts = [
            "Items come from what experts have ruled on, without those you voted on yourself.",
            queue_closed_reason(practice.standing),
            "Practice appears once an expert has ruled on some questions. r looks again. Esc goes to the queue.",
        ]
        return paragraphs(heading, *(content(text) for text in texts if text))
    return _summary(practice)


def _summary(practice: PracticeSession) -> Content:
    closed = queue_closed_reason(practice.standing)
    return paragraphs(
        empty_state.heading("✓", "$correct", f"{practice.n_right} of {len(practice.attempts)} right"),
        Content("\n").join(_mistakes(practice.attempts)),
        content(f"Score: {standing_text(practice.standing)}."),
        Content.styled(closed or "The queue is open for you.", "$warning" if closed else "$foreground"),
        Content.styled("r practises more. Esc goes to the queue.", "$foreground"),
    )


def _mistakes(attempts: Sequence[PracticeAttempt]) -> list[Content]:
    """Wrong answers of a round: missed errors by type, and right readings that were refused."""
    wrong = [attempt.feedback for attempt in attempts if not attempt.feedback.right]
    if not wrong:
        return [Content.styled("You caught every error and rejected nothing correct.", "$foreground")]
    missed = Counter(
        (feedback.error_type or "other").replace("_", " ") for feedback in wrong if feedback.verdict == "incorrect"
    )
    refused = sum(feedback.verdict == "correct" for feedback in wrong)
    lines = [
        content(f"missed: {one_line(name, 40)}" + (f" × {count}" if count > 1 else ""))
        for name, count in missed.most_common(6)
    ]
    return [*lines, *([content(f"right, but refused: {refused}")] if refused else [])]

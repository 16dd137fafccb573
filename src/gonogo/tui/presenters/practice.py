"""What practice says: whether an answer was right, what was wrong and where, how the person stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from gonogo.tui.presenters import empty_state
from gonogo.tui.presenters.correction import change
from gonogo.tui.presenters.format import styled_value, styled_verdict, value_text
from gonogo.tui.text import content, one_line

if TYPE_CHECKING:
    from gonogo.desk.practice.session import PracticeAttempt, PracticeSession
    from gonogo.schemas.review import PracticeStanding


def feedback(one: PracticeAttempt) -> list[Content]:
    """Right or wrong first, then what the drawing says, letter by letter, and why."""
    told, said = one.feedback, one.decision
    mark = ("✓ Right", "bold $correct") if told.right else ("✗ Not right", "bold $incorrect")
    given = styled_verdict(said.verdict)
    if said.corrected_value is not None:
        given = Content.assemble(given, (" → ", "$quiet"), styled_value(said.corrected_value))
    lines = [Content.assemble(mark), Content.assemble(("you said  ", "$quiet"), given)]
    if told.right and told.verdict == "correct":
        return [*lines, *_note(one)]
    lines.append(Content.assemble(("it is     ", "$quiet"), styled_verdict(told.verdict)))
    if told.value is not None:
        truth = value_text(told.value)
        lines.append(Content.assemble(("in frame  ", "$quiet"), styled_value(told.value)))
        lines.append(Content.assemble(("changed   ", "$quiet"), change(truth, one.task.predicted_value)))
    differs = (told.difference or "").removeprefix("differs: ")
    why = [one_line(part, 80).replace("_", " ") for part in (told.error_type, differs) if part]
    if why:
        lines.append(Content.assemble(("what      ", "$quiet"), content(" · ".join(why))))
    return [*lines, *_note(one)]


def _note(one: PracticeAttempt) -> list[Content]:
    note = one.feedback.note
    return [Content.assemble(("expert    ", "$quiet"), content(f"“{one_line(note, 200)}”"))] if note else []


def standing(found: PracticeStanding | None) -> str:
    """`14 of the last 18 right; 80 % of 20 wanted`."""
    if found is None:
        return ""
    said = f"{found.right} of the last {found.n} right" if found.n else "no answers yet"
    if found.pass_mark is not None:
        said += f"; {found.pass_mark:.0%} of {found.needed} wanted"
        said += " ✓ passed" if found.passed else ""
    return said


def waits(found: PracticeStanding | None) -> str:
    """What still shuts the queue, in words; nothing when it is open."""
    if found is None or found.waits_for is None:
        return ""
    if found.waits_for == "warm_up":
        return f"The queue opens after {found.warm_up_left} more of the warm-up."
    if found.waits_for == "qualification":
        left = max(found.needed - found.n, 0)
        return f"The queue opens when you pass: {left} answers to go." if left else "The queue opens when you pass."
    return "The lead has paused your work here; ask."


def top(practice: PracticeSession) -> Content:
    """The status line: that this is practice, how far it is, how the person stands."""
    done, total = practice.state.done, practice.state.total
    parts = [Content.styled("practice", "bold $accent"), Content.styled("nothing here counts", "$quiet")]
    if total:
        parts.append(Content.styled(f"{done} / {total}", "$foreground"))
        parts.append(Content.styled(f"{practice.n_right} right", "$foreground"))
    if practice.standing is not None:
        parts.append(Content.styled(standing(practice.standing), "$quiet"))
    return Content("   ").join(parts)


def card(practice: PracticeSession) -> Content:
    """In place of an item: fetching, why there is none, or the summary."""
    if practice.problem is not None:
        heading = empty_state.heading("!", "$warning", "There is no practice now")
        said = [str(practice.problem), practice.problem.next_step, "r tries again. Esc goes to the queue."]
        return Content("\n\n").join([heading, *(content(line, 600) for line in said if line)])
    if practice.standing is None:
        return empty_state.waiting("Fetching known items")
    if not practice.tried:
        heading = empty_state.heading("–", "$accent", "Nothing to practise on yet")
        said = ["Items come from what experts have ruled on, without those you voted on yourself."]
        said += [waits(practice.standing)] if waits(practice.standing) else []
        said += ["Ask the lead, who makes them by ruling. r looks again. Esc goes to the queue."]
        return Content("\n\n").join([heading, *(content(line) for line in said)])
    return _summary(practice)


def _summary(practice: PracticeSession) -> Content:
    n, right = len(practice.tried), practice.n_right
    heading = empty_state.heading("✓", "$correct", f"{right} of {n} right")
    shut = waits(practice.standing)
    said = [heading, Content("\n").join(_missed(practice.tried)), content(f"Standing: {standing(practice.standing)}.")]
    said.append(Content.styled(shut or "The queue is open for you.", "$warning" if shut else "$foreground"))
    said.append(Content.styled("r practises more. Esc goes to the queue.", "$foreground"))
    return Content("\n\n").join(said)


def _missed(tried: Sequence[PracticeAttempt]) -> list[Content]:
    """What to look at next time: errors let pass by kind, right values refused."""
    wrong = [one for one in tried if not one.feedback.right]
    if not wrong:
        return [Content.styled("No error was let pass, nothing right was refused.", "$foreground")]
    passed = Counter(
        (one.feedback.error_type or "other").replace("_", " ") for one in wrong if one.feedback.verdict == "incorrect"
    )
    refused = sum(one.feedback.verdict == "correct" for one in wrong)
    lines = [
        content(f"missed: {one_line(name, 40)}" + (f" × {n}" if n > 1 else "")) for name, n in passed.most_common(6)
    ]
    return [*lines, *([content(f"right, but refused: {refused}")] if refused else [])]

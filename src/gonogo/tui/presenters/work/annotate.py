"""Texts of the annotate screen: cards for the session's state, the state of an answer, the drawing's title."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from gonogo.desk.core.models import Decided, DeskTask, SendState, SessionState, Stage
from gonogo.schemas.counted_nouns import counted
from gonogo.sheets.models import NoPicture, Picture
from gonogo.tui.presenters.common.format import value_text
from gonogo.tui.text import content, one_line
from gonogo.tui.viewport import Viewport
from gonogo.values.sheet.places import is_same_box

# sign, heading, and the message and next step where the session has none
_CARDS: dict[Stage, tuple[str, str, str, str]] = {
    Stage.LOADING: ("…", "Fetching the first question", "", ""),
    Stage.TASK: ("…", "Fetching the next question", "", ""),
    Stage.DRAINED: ("✓", "Nothing left for you here", "Every question you may answer is answered.", "Thank you."),
    Stage.OFFLINE: ("○", "The server cannot be reached", "", "We keep trying. Press r to try now."),
    Stage.SIGNED_OUT: ("→", "Please sign in again", "The session has ended.", "Press r to sign in; you go on here."),
    Stage.REFUSED: ("!", "No question for you now", "", "Ask the person who invited you, then press r."),
}
_COLORS = {Stage.DRAINED: "$correct", Stage.OFFLINE: "$warning", Stage.REFUSED: "$warning", Stage.SIGNED_OUT: "$accent"}


def state_card(state: SessionState, waited: float = 0.0) -> Content:
    """Card of a state: heading, what happened, what it means for the work, the next step.

    `waited` is the time in seconds since `state` came, of which the time to the next try is counted down.
    """
    sign, heading, default_message, default_step = _CARDS[state.stage]
    color = _COLORS.get(state.stage, "$accent")
    parts = [Content.assemble((sign, f"bold {color}"), "  ", (heading, "bold $strong"))]
    message = content(state.message or default_message, 800)
    if message.plain:
        parts.append(message)
    parts += [Content.styled(line, "$foreground") for line in _work(state)]
    step = content(state.next_step or default_step, 400)
    if step.plain:
        parts.append(step)
    if state.retry_in is not None:
        left = max(round(state.retry_in - waited), 0)
        parts.append(Content.styled(f"next try in {left} s" if left else "trying now …", "$quiet"))
    return Content("\n\n").join(parts)


def startup_error_card(error: Exception) -> Content:
    """Card of an error that kept the session from starting."""
    step = getattr(error, "next_step", "") or "Run `gonogo doctor`, then start again. Ctrl+Q leaves."
    heading = Content.assemble(("!", "bold $error"), "  ", ("The desk could not be opened", "bold $strong"))
    return Content("\n\n").join([heading, content(str(error), 800), content(step, 400)])


def _work(state: SessionState) -> list[str]:
    """Lines about the answers given so far, where the message does not count them: waiting, refused."""
    if state.stage is Stage.LOADING:
        return []
    lines = []
    if state.stage is Stage.DRAINED:
        lines += [] if state.unsent else ["All answers have reached the server."] if state.done else []
    elif state.unsent:
        they = "it goes" if state.unsent == 1 else "they go"
        lines.append(f"{counted(state.unsent, 'answer')} saved here; {they} out when the server is back.")
    if state.parked:
        lines.append(f"{state.parked} refused by the server; kept here: h shows why, and answers again.")
    return lines


OUTCOMES: dict[SendState, str] = {
    SendState.ON_DESK: "saved here; u takes it back",
    SendState.QUEUED: "saved here, waiting to be sent",
    SendState.SENDING: "being sent",
    SendState.SENT: "sent; the server has it",
    SendState.LATE: "kept late: the server has it, but did not count it",
    SendState.PARKED: "refused by the server, kept here",
    SendState.REPLACED: "refused by the server; you answered again",
}
"""States of an answer."""


def outcome_text(answer: Decided) -> str:
    """State of an answer, with the server's reason where there is one."""
    reason = answer.detail.partition("\n")[0]
    return OUTCOMES[answer.state] + (f": {reason}" if reason else "")


def answer_again_message(answer: Decided) -> str:
    """Message beside a question that is asked again: its answer was refused, or is to be changed."""
    if answer.state is not SendState.PARKED:
        return f"You answered “{answer.decision.verdict}”. Answer again to change it; undo leaves it as it was."
    detail = answer.detail.partition("\n")[0].rstrip(".")
    reason = f": {detail}" if detail else ""
    return f"Your answer “{answer.decision.verdict}” was refused{reason}. Answer again; undo leaves it as it was."


def not_saved_message(error: Exception, what: str) -> str:
    """Notice that an answer or ruling is not on disk, with the next step."""
    step = getattr(error, "next_step", "") or "Make room on the disk, then give it again."
    return f"The {what} could not be saved: {error}\n{step}"


def cannot_undo_message(recent: Sequence[Decided]) -> str:
    """Message that the last answer cannot be undone, with the reason; `recent` ends with the newest answer."""
    if not recent:
        return "Nothing to take back yet."
    last = recent[-1]
    answer = f"{last.decision.verdict} for {value_text(last.task.predicted_value, 40) or 'no value'}"
    return f"Nothing to take back: the last answer ({answer}) is {outcome_text(last)}. The history (h) has them all."


def is_same_place(task: DeskTask, other: DeskTask) -> bool:
    """Whether both are readings of one place: their boxes on the same sheet cover each other."""
    if task.part_revision_id is None or task.part_revision_id != other.part_revision_id:
        return False
    if task.bbox is None or other.bbox is None or task.bbox[4:] != other.bbox[4:]:
        return False
    if len(task.bbox) < 4 or len(other.bbox) < 4:
        return False
    return is_same_box(task.bbox, other.bbox)


@dataclass(slots=True)
class PlaceHint:
    """Hint that two questions in a row are readings of one place. `shown` is the last one, `before` the one before."""

    shown: DeskTask | None = None
    before: DeskTask | None = None

    def show(self, task: DeskTask, recent: Sequence[Decided]) -> Content:
        """Line for `task`, which is shown now; `recent` are the answers, of which the last stands for an earlier run.

        A question that is shown again, in another size for example, keeps its line.
        """
        if self.shown is None or self.shown.id != task.id:
            self.before = self.shown or (recent[-1].task if recent else None)
            self.shown = task
        same = self.before is not None and self.before.id != task.id and is_same_place(task, self.before)
        return Content.styled("another reading of the same place" if same else "", "$warning")


def sheet_title(task: DeskTask, picture: Picture | NoPicture | None, view: Viewport) -> str:
    """Title of the drawing: `LIU0010 · sheet 1 · detail 4.2×`."""
    links = dict(task.links)
    part = one_line(links.get("part") or "", 40)
    title = one_line(picture.title or "", 40) if isinstance(picture, Picture) else ""
    parts = [title or part] if title or part else []
    if isinstance(picture, Picture):
        parts.append(f"sheet {picture.page}" + (f" of {picture.n_pages}" if picture.n_pages > 1 else ""))
        parts.append(f"{view.level.value} {picture.magnification:.1f}×")
        if turned := turned_text(picture):
            parts.append(turned)
        if picture.strips > 1:
            parts.append(f"in {_STRIPS.get(picture.strips, picture.strips)} strips")
    return one_line(" · ".join(parts))


def turned_text(picture: Picture) -> str:
    """Rotation of the drawing: `turned 47°` (clockwise), `turned −17°`; or that the angle of the text is not known."""
    if not picture.angle_is_sure:
        return "angle unsure, o turns"
    degrees = picture.rotation if picture.rotation <= 180 else picture.rotation - 360
    return f"turned {degrees}°".replace("-", "−") if degrees else ""


_STRIPS = {2: "two", 3: "three", 4: "four"}
TOO_SMALL = "Too small: the drawing needs 64×12."

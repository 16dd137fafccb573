"""The sentences of the annotate screen: what the state of the desk means for the person, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from gonogo.desk.core.models import Decided, DeskTask, SendState, SessionState, Stage
from gonogo.sheets.models import NoPicture, Picture
from gonogo.tui.presenters.format import short_id, value_text
from gonogo.tui.text import content, one_line
from gonogo.tui.viewport import Viewport

# Stage → sign, heading, and what is said when the desk itself says nothing.
_CARDS: dict[Stage, tuple[str, str, str, str]] = {
    Stage.LOADING: ("…", "Fetching the first question", "", ""),
    Stage.TASK: ("…", "Fetching the next question", "", ""),
    Stage.DRAINED: ("✓", "Nothing left for you here", "Every question you may answer is answered.", "Thank you."),
    Stage.OFFLINE: ("○", "The server cannot be reached", "", "It is tried again by itself; r tries now."),
    Stage.SIGNED_OUT: ("→", "Please sign in again", "The session has ended.", "Press r to sign in; you go on here."),
    Stage.REFUSED: ("!", "No question for you now", "", "Ask the person who invited you, then press r."),
}
_COLORS = {Stage.DRAINED: "$correct", Stage.OFFLINE: "$warning", Stage.REFUSED: "$warning", Stage.SIGNED_OUT: "$accent"}


def card(state: SessionState, waited: float = 0.0) -> Content:
    """Heading, what happened, what it means for the work, the next step. `waited`: seconds since `state` came."""
    sign, heading, usual, usual_step = _CARDS[state.stage]
    color = _COLORS.get(state.stage, "$accent")
    parts = [Content.assemble((sign, f"bold {color}"), "  ", (heading, "bold $strong"))]
    message = content(state.message or usual, 800)
    if message.plain:
        parts.append(message)
    parts += [Content.styled(line, "$foreground") for line in _work(state)]
    step = content(state.next_step or usual_step, 400)
    if step.plain:
        parts.append(step)
    if state.retry_in is not None:
        left = max(round(state.retry_in - waited), 0)
        parts.append(Content.styled(f"next try in {left} s" if left else "trying now …", "$quiet"))
    return Content("\n\n").join(parts)


def broken(error: Exception) -> Content:
    """The desk itself could not be opened."""
    step = getattr(error, "next_step", "") or "Run `gonogo doctor`, then start again. Ctrl+Q leaves."
    heading = Content.assemble(("!", "bold $error"), "  ", ("The desk could not be opened", "bold $strong"))
    return Content("\n\n").join([heading, content(str(error), 800), content(step, 400)])


def _work(state: SessionState) -> list[str]:
    """What became of the answers given so far."""
    if state.stage is Stage.LOADING:
        return []
    lines = []
    if state.stage is Stage.DRAINED and state.total is not None:
        lines.append(f"{state.done} of {state.total} done, {max(state.total - state.done, 0)} left.")
    if state.unsent:
        answers = "1 answer waits" if state.unsent == 1 else f"{state.unsent} answers wait"
        lines.append(f"Nothing is lost: {answers} on this computer to be sent.")
    elif state.done:
        lines.append(f"All {state.done} answers have reached the server.")
    if state.parked:
        lines.append(f"{state.parked} refused by the server; kept here: h shows why, and answers again.")
    return lines


FATES: dict[SendState, str] = {
    SendState.ON_DESK: "saved here; u takes it back",
    SendState.QUEUED: "saved here, waiting to be sent",
    SendState.SENDING: "being sent",
    SendState.SENT: "sent; the server has it",
    SendState.LATE: "kept late: the server has it, but did not count it",
    SendState.PARKED: "refused by the server, kept here",
    SendState.REPLACED: "refused by the server; you answered again",
}
"""What became of an answer."""


def fate(item: Decided) -> str:
    """What became of an answer, with the server's reason where there is one."""
    return FATES[item.state] + (f": {item.detail}" if item.detail else "")


def asked_again(item: Decided) -> str:
    """Said when a refused answer is given anew."""
    why = f": {item.detail.rstrip('.')}" if item.detail else ""
    return f"Your answer “{item.decision.verdict}” was refused{why}. Answer again; undo leaves it as it was."


def not_saved(error: Exception, what: str) -> str:
    """Notice that an answer or ruling is not on disk, with the next step."""
    step = getattr(error, "next_step", "") or "Make room on the disk, then give it again."
    return f"The {what} could not be saved: {error}\n{step}"


def nothing_to_undo(recent: Sequence[Decided]) -> str:
    """Why the last answer cannot be taken back. `recent` is newest last."""
    if not recent:
        return "Nothing to take back yet."
    last = recent[-1]
    what = f"{last.decision.verdict} for {value_text(last.task.predicted_value, 40) or 'no value'}"
    return f"Nothing to take back: the last answer ({what}) is {fate(last)}. The history (h) has them all."


def sheet_title(task: DeskTask, shown: Picture | NoPicture | None, view: Viewport) -> str:
    """`LIU0010 · sheet 1 · detail 4.2×`."""
    links = dict(task.links)
    part = links.get("part") or task.part_revision_id or ""
    title = one_line(shown.title or "", 40) if isinstance(shown, Picture) else ""
    parts = [title or short_id(part)] if title or part else []
    if isinstance(shown, Picture):
        parts.append(f"sheet {shown.page}" + (f" of {shown.n_pages}" if shown.n_pages > 1 else ""))
        parts.append(f"{view.level.value} {shown.magnification:.1f}×")
        if shown.rotation:
            parts.append(f"turned {shown.rotation}°")
    return one_line(" · ".join(parts))


TOO_SMALL = "No room for the drawing below 64×12."

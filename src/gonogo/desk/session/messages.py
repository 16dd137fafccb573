"""Messages of a session: texts that tell the person what happened, and the next step."""

from __future__ import annotations

from datetime import datetime

from gonogo.client.errors import ConflictError, GonogoClientError, NotFoundError, PermissionDeniedError
from gonogo.desk.connection.circuit_breaker import Outage
from gonogo.desk.connection.server_protocol import WorkProgress


def offline(outage: Outage, unsent: int) -> tuple[str, str]:
    """Message of an outage, with the number of answers kept."""
    kept = f" {_answers(unsent)} kept here until then." if unsent else ""
    return f"{outage.message}{kept}", outage.next_step


def signed_out(outage: Outage, unsent: int) -> tuple[str, str]:
    """Message after a 401, or without a credential."""
    kept = f" {_answers(unsent)} kept and go on after the sign-in." if unsent else ""
    return f"{outage.message}{kept}", outage.next_step or "Sign in again."


def refused(error: GonogoClientError) -> tuple[str, str]:
    """Message of a next-task or a review queue that was refused for good."""
    if isinstance(error, PermissionDeniedError):
        return f"You may not work in this campaign. {error}", "Ask the campaign's lead, or choose another campaign."
    if isinstance(error, NotFoundError):
        return f"This campaign is not there for you. {error}", "Choose another campaign, or ask its lead."
    if isinstance(error, ConflictError) and error.reason in ("qualification", "warm_up"):
        return str(error), "Press t to practise; the queue opens after that."
    if isinstance(error, ConflictError):
        return f"The campaign gives out no tasks now. {error}", error.next_step
    return str(error), error.next_step


def set_aside(count: int, question: str, detail: str) -> tuple[str, str]:
    """Message when answers keep failing while others pass; `question` and `detail` are of the first."""
    others = f" (and {count - 1} more)" if count > 1 else ""
    return (
        f"Your answer to “{question}”{others} can't be delivered: {detail}",
        "It is kept and tried again; the others go on. Press h to see it, r to try it now.",
    )


def stuck(detail: str) -> tuple[str, str]:
    """Message when the server keeps handing out a question whose answer it refused."""
    return (
        f"The server refused your answer to this question and hands out no other. {detail}",
        "Your answer is kept: press h to answer it again, r for another question.",
    )


def elsewhere() -> tuple[str, str]:
    """Message when another window of this person holds all questions they may hold."""
    return (
        "Your other window has the questions. The next free one comes here.",
        "Go on there, or close it.",
    )


def broke(name: str, error: Exception) -> tuple[str, str]:
    """Message of a fault of our own in a background task."""
    return (
        f"Something in gonogo itself failed ({name}: {type(error).__name__}); every answer is kept.",
        "We try again. If it keeps failing, restart gonogo and report the log.",
    )


def drained(progress: WorkProgress | None, unsent: int, done: int = 0, total: int | None = None) -> tuple[str, str]:
    """Message of an empty queue, with the reason where the server gives one.

    `done` counts the answers as the status line does, those not sent yet included; `total` is `None` if not known.
    """
    parts = ["You're done: no question is left for you."]
    if total:
        parts = [f"You're done: {done} of {total} answered."]
        if done < total:
            parts = [f"Nothing left for you right now: {done} of {total} answered."]
    step = "We check for new questions. Press r to check now."
    if progress is not None:
        if progress.closed:
            parts, step = ["This campaign is closed."], "Leave, or choose another campaign."
        elif progress.waits_because:
            parts = [progress.waits_because]
        if progress.held_by_others:
            until = f" until {clock_time(progress.held_until)}" if progress.held_until else ""
            parts.append(f"{_tasks(progress.held_by_others)} with other annotators{until}.")
        if progress.in_review:
            parts.append(f"{_tasks(progress.in_review)} waiting for review.")
    if unsent:
        parts.append(f"{_answers(unsent)} still on the way.")
    return " ".join(parts), step


def clock_time(text: str) -> str:
    """Returns `14:05`, local time, for an RFC 3339 time of the server; with its date when that is not today's."""
    try:
        at = datetime.fromisoformat(text).astimezone()
    except ValueError:
        return text
    today = at.date() == datetime.now().astimezone().date()
    return at.strftime("%H:%M" if today else "%Y-%m-%d %H:%M")


def _answers(count: int) -> str:
    return "1 answer is" if count == 1 else f"{count} answers are"


def _tasks(count: int) -> str:
    return "1 task is" if count == 1 else f"{count} tasks are"

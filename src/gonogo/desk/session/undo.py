"""Answers that can still be taken back: when each of them leaves the desk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from gonogo.desk.core.models import Decision
from gonogo.desk.session.prefetch import ClaimedTask

LONGEST_SECONDS = 300.0
"""An answer leaves at the latest after this, though no other followed: its claim must not run out on the desk."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer on the desk; `number` is its row in the outbox, `at` when it was given (monotonic)."""

    number: int
    held: ClaimedTask
    decision: Decision
    at: float


@dataclass(frozen=True, slots=True)
class UndoPolicy:
    """What decides how long the last answers may stay.

    `more`: a next question is there or on its way. `starved`: no further one can be claimed before answers leave.
    `one_by_one`: the server gives the next question only when this one is answered, so each waits for nothing.
    """

    more: bool
    starved: bool
    one_by_one: bool


def release_times(answers: list[Answered], undo_seconds: float, outlook: UndoPolicy) -> list[tuple[Answered, float]]:
    """For each answer, in order, the time (monotonic) at which it leaves the desk.

    The rule: when another answer was given after it, and not before `undo_seconds` have passed.
    """
    times = []
    for place, answer in enumerate(answers):
        last = place == len(answers) - 1
        if outlook.one_by_one and not outlook.more:
            due = answer.at
        elif last:
            due = answer.at + (LONGEST_SECONDS if outlook.more else undo_seconds)
        else:
            due = answer.at if outlook.starved else answer.at + undo_seconds
        times.append((answer, due))
    return times


@dataclass(slots=True)
class UndoBuffer:
    """The answers that can still be taken back, oldest first."""

    answers: list[Answered] = field(default_factory=list)

    def leave(self, going: Iterable[Answered]) -> set[int]:
        """Take these off the tray; their numbers."""
        numbers = {answer.number for answer in going}
        self.answers = [answer for answer in self.answers if answer.number not in numbers]
        return numbers

    def due(self, now: float, undo_seconds: float, outlook: UndoPolicy) -> tuple[list[Answered], float | None]:
        """Those that leave now, and the seconds until the next one does."""
        times = release_times(self.answers, undo_seconds, outlook)
        rest = [at - now for _, at in times if at > now]
        return [answer for answer, at in times if at <= now], min(rest) if rest else None

    def renewed(self, old: ClaimedTask, new: ClaimedTask) -> None:
        self.answers = [replace(one, held=new) if one.held is old else one for one in self.answers]

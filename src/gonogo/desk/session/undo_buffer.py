"""Undo buffer: holds the answers that can still be taken back, and decides when each of them is released."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from gonogo.desk.core.models import ClaimedTask, Decision

LONGEST_SECONDS = 300.0
"""An answer is released at the latest after this, though no other followed: its claim must not expire meanwhile."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Answer that can be taken back; `number` is its row in the outbox, `at` when it was given (monotonic)."""

    number: int
    held: ClaimedTask
    decision: Decision
    at: float


@dataclass(frozen=True, slots=True)
class UndoPolicy:
    """Conditions that decide how long the last answers may stay.

    `more`: a next question is there or being fetched. `starved`: no further one can be claimed before answers are sent.
    `one_by_one`: the server gives the next question only when this one is answered, so that waiting gains nothing.
    """

    more: bool
    starved: bool
    one_by_one: bool


def last_batch(answers: Sequence[Answered]) -> Sequence[Answered]:
    """Returns the answers that were given last: one, or those of a page that was confirmed at once."""
    size = answers[-1].decision.group_size if answers else 1
    batch = answers[-size:]
    return batch if len({(answer.at, answer.held.page) for answer in batch}) <= 1 else answers[-1:]


def release_times(answers: list[Answered], undo_seconds: float, policy: UndoPolicy) -> list[tuple[Answered, float]]:
    """Returns, for each answer in order, the time (monotonic) of its release.

    The rule: when another answer was given after it, and not before `undo_seconds` have passed. The answers of a page
    count as one.
    """
    times = []
    for place, answer in enumerate(answers):
        last = place >= len(answers) - len(last_batch(answers))
        if policy.one_by_one and not policy.more:
            due = answer.at
        elif last:
            due = answer.at + (LONGEST_SECONDS if policy.more else undo_seconds)
        else:
            due = answer.at if policy.starved else answer.at + undo_seconds
        times.append((answer, due))
    return times


@dataclass(slots=True)
class UndoBuffer:
    """Answers that can still be taken back, oldest first."""

    answers: list[Answered] = field(default_factory=list)

    def pop(self, released: Iterable[Answered]) -> set[int]:
        """Removes these; returns their numbers."""
        numbers = {answer.number for answer in released}
        self.answers = [answer for answer in self.answers if answer.number not in numbers]
        return numbers

    def due(self, now: float, undo_seconds: float, policy: UndoPolicy) -> tuple[list[Answered], float | None]:
        """Returns the answers to release now, and the seconds until the next one is due."""
        times = release_times(self.answers, undo_seconds, policy)
        rest = [at - now for _, at in times if at > now]
        return [answer for answer, at in times if at <= now], min(rest) if rest else None

    def renew(self, old: ClaimedTask, new: ClaimedTask) -> None:
        """Takes over the new lease of an answer's claim."""
        self.answers = [replace(answer, held=new) if answer.held is old else answer for answer in self.answers]

"""Answers that can still be taken back: when each of them leaves the desk."""

from __future__ import annotations

from dataclasses import dataclass

from gonogo.desk.stream import Held
from gonogo.desk.types import Decision

LONGEST_SECONDS = 300.0
"""An answer leaves at the latest after this, though no other followed: its claim must not run out on the desk."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer on the desk; `number` is its row in the outbox, `at` when it was given (monotonic)."""

    number: int
    held: Held
    decision: Decision
    at: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """What decides how long the last answers may stay.

    `more`: a next question is there or on its way. `starved`: no further one can be claimed before answers leave.
    `one_by_one`: the server gives the next question only when this one is answered, so each waits for nothing.
    """

    more: bool
    starved: bool
    one_by_one: bool


def leaving_at(answers: list[Answered], undo_seconds: float, outlook: Outlook) -> list[tuple[Answered, float]]:
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

"""The last answers, as the line "before" shows them, and how far the work is."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from gonogo.desk.connection.protocol import WorkProgress
from gonogo.desk.core.models import Decided, SendState
from gonogo.desk.outbox.outbox import OutboxRow

MOST = 8
PACE_OF = 20
"""The pace is the median of so many verdicts."""
LEAST_FOR_PACE = 3


@dataclass(slots=True)
class RecentAnswers:
    """The last 20 answers by their number in the outbox, oldest first; eight of them are shown."""

    entries: list[tuple[int, Decided]] = field(default_factory=list)

    def load(self, newest_first: Iterable[OutboxRow]) -> None:
        self.entries = [(row.id, row.decided()) for row in newest_first][:PACE_OF][::-1]

    def add(self, number: int, decided: Decided) -> None:
        self.entries = [*self.entries, (number, decided)][-PACE_OF:]

    def remove(self, number: int) -> None:
        self.entries = [entry for entry in self.entries if entry[0] != number]

    def mark(self, numbers: set[int], state: SendState, detail: str = "") -> None:
        """Those answers are now in this state."""
        self.entries = [
            (number, replace(one, state=state, detail=detail) if number in numbers else one)
            for number, one in self.entries
        ]

    def on_the_way(self) -> list[int]:
        return [number for number, one in self.entries if one.state in (SendState.QUEUED, SendState.SENDING)]

    def all(self) -> tuple[Decided, ...]:
        return tuple(one for _, one in self.entries[-MOST:])

    @property
    def pace(self) -> float | None:
        """Seconds a verdict: the median of looking, editing and waiting; `None` before there are three."""
        if len(self.entries) < LEAST_FOR_PACE:
            return None
        times = [one.decision.times for _, one in self.entries]
        return statistics.median(one.duration_ms + one.waiting for one in times) / 1000


@dataclass(slots=True)
class Progress:
    """How far the work is: as remembered, then as the server says, then counted on."""

    campaign_name: str = ""
    done: int = 0
    total: int | None = None
    guideline: str = ""
    standing: WorkProgress | None = None

    def learn(self, standing: WorkProgress, least_unsent: int, most_unsent: int) -> None:
        """What the server says. It was asked a moment ago: of the answers it may not have counted there are at least
        `least_unsent` and at most `most_unsent`; within that, what is shown stays, so the count never jumps back.
        """
        self.standing, self.guideline = standing, standing.guideline
        self.campaign_name, self.total = standing.campaign_name, standing.total
        if standing.done is not None:
            self.done = min(max(self.done, standing.done + least_unsent), standing.done + most_unsent)

"""Which tasks this login has answered already, so that none is shown twice."""

from __future__ import annotations

from gonogo.desk.core.clock import Clock
from gonogo.desk.core.errors import OutboxError
from gonogo.desk.core.models import SendState
from gonogo.desk.outbox.outbox import Address, Outbox

JUST_SENT_SECONDS = 120.0
"""A server may hand out a task once more while its answer spreads; after that it has lost the answer."""


class AnsweredTasks:
    """Asks the outbox. `stuck` is the reason why the last answer found was refused, empty when it was not."""

    def __init__(self, outbox: Outbox, address: Address, clock: Clock) -> None:
        self.stuck = ""
        self._outbox = outbox
        self._address = address
        self._clock = clock

    def answered(self, task_id: str) -> bool:
        """Whether an answer to the task lies in the outbox, or was delivered a moment ago."""
        try:
            row = self._outbox.answer_to(self._address, task_id)
        except OutboxError:
            return False  # said elsewhere; a second answer is refused by the server, not lost
        if row is None:
            return False
        self.stuck = row.detail if row.state is SendState.PARKED else ""
        if row.state not in (SendState.SENT, SendState.LATE) or row.settled_at is None:
            return True
        return self._clock.wall() - row.settled_at < JUST_SENT_SECONDS

"""Answer log: holds a person's answers in one campaign, the last ones in memory, all of them in the outbox."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace

from gonogo.client.transport.requests import PreparedRequest, RequestKind
from gonogo.desk.core.clock import Clock
from gonogo.desk.core.errors import OutboxError
from gonogo.desk.core.models import AMENDABLE, UNSENT, ClaimedTask, Decided, Decision, DeskTask, SendState
from gonogo.desk.outbox.rows import Address, OutboxRow
from gonogo.desk.session.outbox_session import OutboxSession
from gonogo.desk.session.undo_buffer import Answered

SHOWN = 8
"""Answers in the line "before"."""
EARLIER = 300
"""Answers whose boxes are framed on the whole drawing."""
PACE_OF = 20
"""The pace is the median of so many answers."""
LEAST_FOR_PACE = 10
CALM = 0.1
"""The pace that is shown changes only when the measured one differs by this share."""
JUST_SENT_SECONDS = 120.0
"""A server may hand out a task once more while its answer spreads; after that it has lost the answer."""


class AnswerLog:
    """Answers by their number in the outbox. `address` names the campaign, `login` the rows of any campaign.

    `rejection` is the reason why the last answer found by `answered` was refused; empty when it was not.
    """

    def __init__(self, session: OutboxSession, address: Address, login: Address, clock: Clock) -> None:
        self.rejection = ""
        self._session = session
        self._outbox = session.outbox
        self._address = address
        self._login = login
        self._clock = clock
        self._recent: list[Decided] = []
        self.pace: float | None = None
        """Seconds an answer: the median of looking, editing and waiting; `None` before there are ten answers."""

    def load(self) -> None:
        """Reads the recent answers of earlier runs. Raises `OutboxError`."""
        self._recent = self.history(limit=PACE_OF)[::-1]
        self._update_pace()

    def add(self, held: ClaimedTask, decision: Decision, request: PreparedRequest) -> None:
        """Stores an answer (on disk when this returns). Raises `OutboxError`."""
        self.add_all([(held, decision, request)])

    def add_all(self, answers: Sequence[tuple[ClaimedTask, Decision, PreparedRequest]]) -> None:
        """Stores the answers of a page, all or none. Raises `OutboxError`."""
        for number, (held, decision, _request) in zip(self._session.add_all(answers), answers, strict=True):
            if not held.amends:
                self.mark({held.again}, SendState.REPLACED)
            self._recent.append(Decided(held.task, decision, SendState.ON_DESK, number=number))
        self._recent = self._recent[-PACE_OF:]
        self._update_pace()

    def withdraw_last(self) -> list[Answered]:
        """Takes back the answers given last, a page or one, if they have not left the desk; a refused one before is
        back.
        """
        answers = self._session.withdraw_batch()
        for answer in answers:
            self._forget(answer.number)
            row = self._outbox.get(answer.held.again)
            if row is not None:
                self.mark({row.id}, row.state, row.detail)
        return answers

    def mark(self, numbers: set[int], state: SendState, detail: str = "") -> None:
        """Sets the state of these answers."""
        self._recent = [
            replace(answer, state=state, detail=detail) if answer.number in numbers else answer
            for answer in self._recent
        ]

    def settled_elsewhere(self) -> list[OutboxRow]:
        """Returns recent answers that another window has sent meanwhile. Raises `OutboxError`."""
        states = (SendState.QUEUED, SendState.SENDING)
        sending = [answer.number for answer in self._recent if answer.state in states]
        rows = [row for row in map(self._outbox.get, sending) if row is not None]
        return [row for row in rows if row.state not in UNSENT]

    def history(self, *, since: float = 0.0, limit: int = 1_000_000) -> list[Decided]:
        """Returns this login's answers in this campaign, newest first, given after `since` (seconds since 1970)."""
        return [row.decided() for row in self._outbox.history(self._address, since=since, limit=limit)]

    def earlier_tasks(self) -> list[DeskTask]:
        """Returns the tasks that were answered last, also in earlier runs; none where they can't be read."""
        try:
            return [answer.task for answer in self.history(limit=EARLIER)]
        except OutboxError:
            return []  # reported elsewhere; only their frames on the drawing are missing

    def answered(self, task_id: str) -> bool:
        """Returns whether an answer to the task is in the outbox, or was delivered a moment ago."""
        try:
            row = self._outbox.answer_to(self._login, task_id)
        except OutboxError:
            return False  # reported elsewhere; a second answer is refused by the server, not lost
        if row is None:
            return False
        self.rejection = row.detail if row.state is SendState.PARKED else ""
        if row.state not in (SendState.SENT, SendState.LATE) or row.settled_at is None:
            return True
        return self._clock.wall() - row.settled_at < JUST_SENT_SECONDS

    def answered_before(self, task_id: str) -> bool:
        """Returns whether the outbox has an answer to the task, of any age: a restored task needs no other."""
        try:
            return self._outbox.answer_to(self._login, task_id) is not None
        except OutboxError:
            return False

    def rejected(self, number: int) -> OutboxRow | None:
        """Returns the row of a refused answer; `None` when it was not refused. Raises `OutboxError`."""
        row = self._outbox.get(number)
        return row if row is not None and row.state is SendState.PARKED else None

    def amendable(self, number: int) -> OutboxRow | None:
        """Returns the row of an answer that the server has, or will have; else `None`. Raises `OutboxError`."""
        row = self._outbox.get(number)
        if row is None or row.kind not in (RequestKind.SUBMISSION, RequestKind.AMENDMENT):
            return None
        return row if row.state in AMENDABLE else None

    def resend(self, number: int) -> bool:
        """Queues a refused answer as it is, as a new request; false when it was not refused."""
        if not self._outbox.retry_parked([number]):
            return False
        self.mark({number}, SendState.QUEUED)
        self._session.sender.wake()
        return True

    def drop(self, number: int) -> bool:
        """Deletes a refused answer for good; false when it was not refused."""
        if self.rejected(number) is None or not self._outbox.drop(number):
            return False
        self._forget(number)
        return True

    def recent(self) -> tuple[Decided, ...]:
        """Returns the answers of the line "before", oldest first."""
        return tuple(self._recent[-SHOWN:])

    def _update_pace(self) -> None:
        """Measures the pace; the one that is shown stays while it is about right, so that it does not flicker."""
        if len(self._recent) < LEAST_FOR_PACE:
            return
        times = [answer.decision.times for answer in self._recent]
        pace = statistics.median(spent.duration_ms + spent.waiting for spent in times) / 1000
        if self.pace is None or abs(pace - self.pace) > CALM * self.pace:
            self.pace = pace

    def _forget(self, number: int) -> None:
        self._recent = [answer for answer in self._recent if answer.number != number]

"""Outbox session: stores the answers of an annotate or review session, holds each for undo, then sends it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from gonogo.client.transport.requests import PreparedRequest
from gonogo.desk.connection.circuit_breaker import ServerConnection
from gonogo.desk.connection.connector import Connector
from gonogo.desk.core.background import TaskSupervisor
from gonogo.desk.core.clock import wait_for, within
from gonogo.desk.core.errors import OutboxError
from gonogo.desk.core.models import ClaimedTask, Decision
from gonogo.desk.outbox.outbox import Counts, NewAnswer, Outbox
from gonogo.desk.outbox.sender import OnState, Sender
from gonogo.desk.session import messages
from gonogo.desk.session.dependencies import SessionDependencies
from gonogo.desk.session.undo_buffer import Answered, UndoBuffer, UndoPolicy, last_batch

FLUSH_SECONDS = 0.6
"""Longest time that closing waits for answers to be sent."""


class OutboxSession:
    """Outbox, undo buffer, sender and connection of one open session.

    `on_change` is called when something that is shown may differ; `on_released` with the numbers of answers that can
    no longer be taken back; `on_state` for each change of a row. `undo_policy` decides how long answers stay.
    """

    def __init__(
        self,
        dependencies: SessionDependencies,
        *,
        on_change: Callable[[], None],
        on_released: Callable[[set[int]], None],
        on_state: OnState,
        undo_policy: Callable[[], UndoPolicy],
    ) -> None:
        clock = self._clock = dependencies.clock
        self._address = dependencies.address
        self._undo_seconds = dependencies.profile.undo_seconds
        self._on_change, self._on_released, self._undo_policy = on_change, on_released, undo_policy
        self.counts = Counts()
        self.problem = ("", "")
        """Message and next step of what went wrong here; both empty when all is well."""
        self.outbox = Outbox(dependencies.outbox_file, wall=clock.wall)
        self._sending = self.outbox.background()
        self.connection = ServerConnection(clock, on_change)
        self.connector = Connector(dependencies.connect, self.connection, clock)
        self.sender = Sender(self._sending, dependencies.sends, self.connection, self.connector.server, clock, on_state)
        self.tasks = TaskSupervisor(clock, self._failed)
        self.undo = UndoBuffer()
        self._check_undo = asyncio.Event()

    @property
    def message(self) -> tuple[str, str]:
        """Message and next step to show: a problem of the disk, else answers that can't be delivered."""
        if any(self.problem) or not self.sender.set_aside:
            return self.problem
        first = next(iter(self.sender.set_aside.values()))
        return messages.set_aside(len(self.sender.set_aside), first.task.prompt or first.task_id, first.detail)

    @property
    def reachable(self) -> bool:
        """Whether there is a server, and no outage."""
        return self.connector.connected is not None and self.connection.trouble is None

    def start(self) -> None:
        """Starts to send, and to release answers when their undo time is over."""
        self.tasks.start("send", self.sender.run)
        self.tasks.start("desk", self._release_due)

    def add(self, held: ClaimedTask, decision: Decision, request: PreparedRequest) -> int:
        """Stores an answer (on disk when this returns); returns its number. Raises `OutboxError`."""
        return self.add_all([(held, decision, request)])[0]

    def add_all(self, answers: Sequence[tuple[ClaimedTask, Decision, PreparedRequest]]) -> list[int]:
        """Stores answers that were given at once, all or none; returns their numbers. Raises `OutboxError`."""
        new = [NewAnswer(held.task, decision, request, held.again) for held, decision, request in answers]
        numbers = self.outbox.add_all(self._address, new)
        self.problem = ("", "")
        now = self._clock.monotonic()
        for number, (held, decision, _request) in zip(numbers, answers, strict=True):
            self.undo.answers.append(Answered(number, held, decision, now))
        return numbers

    def withdraw_last(self) -> Answered | None:
        """Takes back the last answer, if it has not left the desk. Raises `OutboxError` when the disk refuses."""
        if not self.undo.answers:
            return None
        answer = self.undo.answers[-1]
        withdrawn = self.outbox.withdraw(answer.number)
        self.undo.pop([answer])
        return answer if withdrawn else None

    def withdraw_batch(self) -> list[Answered]:
        """Takes back the answers that were given last, a page or one, if they have not left the desk."""
        batch = list(last_batch(self.undo.answers))
        withdrawn = bool(batch) and self.outbox.withdraw(*(answer.number for answer in batch))
        self.undo.pop(batch)
        return batch if withdrawn else []

    def release(self, answers: Sequence[Answered]) -> None:
        """Hands answers over to the sender."""
        if numbers := self.undo.pop(answers):
            self._on_released(numbers)
            self.sender.release(sorted(numbers))
            self._on_change()

    def refresh(self) -> None:
        """Reads the counts anew, collects problems, and checks the undo times."""
        try:
            self.counts = self.outbox.counts(self._address)
        except OutboxError as problem:
            self.report(problem)
        for outbox in (self.outbox, self._sending):
            if outbox.notices:
                self.problem = (" ".join(outbox.notices), "")
                outbox.notices.clear()
        self._check_undo.set()

    def report(self, problem: OutboxError) -> None:
        """Shows a problem of the disk until the next answer is saved."""
        self.problem = (str(problem), problem.next_step)

    def retry_now(self) -> None:
        """Tries the server again at once (key `r`)."""
        self.connector.retry_now()
        self.connection.retry_now()
        self.sender.retry_now()

    async def flush(self) -> None:
        """Releases all answers and sends for a short time, where the server is reachable."""
        self.release(self.undo.answers)
        if self.reachable:
            await within(FLUSH_SECONDS, self._clock, self.sender.idle.wait)

    async def close(self, before_closing: Callable[[], None] = lambda: None) -> None:
        """Stops all tasks and closes the files; `before_closing` may still use the outbox. `connector` stays open."""
        await self.tasks.stop()
        self._sending.close()  # first: its thread may still be in a transaction
        with contextlib.suppress(OutboxError, OSError):  # the answers are on the disk; the next start takes them over
            self.outbox.requeue_owned()
            before_closing()
        self.outbox.close()

    async def _release_due(self) -> None:
        while True:
            self._check_undo.clear()
            due, pause = self.undo.due(self._clock.monotonic(), self._undo_seconds, self._undo_policy())
            self.release(due)
            await wait_for(self._check_undo, pause, self._clock)

    def _failed(self, name: str, error: Exception) -> None:
        self.problem = messages.broke(name, error)
        self._on_change()

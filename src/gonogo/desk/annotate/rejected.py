"""The part of a desk that looks back: what was answered, and what can be done about an answer that was refused."""

from __future__ import annotations

from gonogo.desk.annotate.progress import RecentAnswers
from gonogo.desk.annotate.timer import AnswerTimer
from gonogo.desk.core.models import Decided, Decision, SendState, Times
from gonogo.desk.outbox.outbox import Address, Outbox, OutboxRow
from gonogo.desk.outbox.sender import Sender
from gonogo.desk.session.prefetch import ClaimedTask, TaskPrefetcher


class RejectedAnswers:
    """Refused answers are kept until a person sends them as they are, gives another one, or drops them."""

    stopwatch: AnswerTimer
    _address: Address
    _outbox: Outbox
    _sender: Sender
    _stream: TaskPrefetcher
    _recent: RecentAnswers
    _held: ClaimedTask | None
    _carried: dict[str, Times]

    def changed(self) -> None:
        raise NotImplementedError

    def _show(self, held: ClaimedTask) -> None:
        raise NotImplementedError

    def _advance(self) -> None:
        raise NotImplementedError

    def _settled(self, row: OutboxRow, state: SendState, detail: str) -> None:
        raise NotImplementedError

    def history(self, *, since: float = 0.0, limit: int = 1_000_000) -> list[Decided]:
        """This login's answers in this campaign, newest first, given after `since` (seconds since 1970)."""
        return [row.decided() for row in self._outbox.history(self._address, since=since, limit=limit)]

    @property
    def asking_again(self) -> bool:
        """Whether the current task is one whose answer was refused."""
        return self._held is not None and self._held.again > 0

    def answer_again(self, number: int) -> Decision | None:
        """Make the task of a refused answer current; the answer that was given. Nothing is claimed or sent by this.

        `decide` then makes a new request, and the refused answer is kept as replaced. `None` when it was not refused,
        or another answer would be of no use. Raises `OutboxError`.
        """
        row = self._refused(number)
        if row is None or row.decided().final:
            return None
        self._set_aside()
        self._carried[row.task_id] = row.decision.times
        self._show(ClaimedTask(row.task, again=number))
        self.changed()
        return row.decision

    def not_again(self) -> bool:
        """Leave the refused answer as it was and go back to the work; false when nothing is asked again."""
        if not self.asking_again:
            return False
        self._held = None
        self._advance()
        self.changed()
        return True

    def send_again(self, number: int) -> bool:
        """Send a refused answer once more as it is, as a new request; false when it was not refused."""
        if not self._outbox.requeue([number]):
            return False
        self._recent.mark({number}, SendState.QUEUED)
        self._sender.kick()
        self.changed()
        return True

    def drop(self, number: int) -> bool:
        """Throw a refused answer away for good; its question may come anew. False when it was not refused."""
        if self._refused(number) is None or not self._outbox.drop(number):
            return False
        self._recent.remove(number)
        self._stream.look_now()
        self.changed()
        return True

    def _refused(self, number: int) -> OutboxRow | None:
        row = self._outbox.get(number)
        return row if row is not None and row.state is SendState.PARKED else None

    def _set_aside(self) -> None:
        """Put the current task back ahead, with its time; one that is asked again needs no place there."""
        if self._held is not None and not self._held.again:
            self._carried[self._held.task.id] = self.stopwatch.stop()
            self._stream.put_back(self._held)

    def _look_back(self) -> None:
        """Take over the states of recent answers from the disk: another window may have sent them."""
        for row in filter(None, map(self._outbox.get, self._recent.on_the_way())):
            if row.state not in (SendState.ON_DESK, SendState.QUEUED, SendState.SENDING):
                self._settled(row, row.state, row.detail)

    def _look_at(self, number: int) -> None:
        """Take over an answer's state from the disk."""
        row = self._outbox.get(number)
        if row is not None:
            self._recent.mark({number}, row.state, row.detail)

"""Rejected answers: lets a person resend answers that the server refused, answer them again, or drop them; and change
those that the server has.
"""

from __future__ import annotations

from collections.abc import Callable

from gonogo.desk.annotate.annotator_progress import Progress
from gonogo.desk.annotate.answer_log import AnswerLog
from gonogo.desk.annotate.current_task import CurrentTask
from gonogo.desk.core.models import ClaimedTask, Decision
from gonogo.desk.session.prefetch import TaskPrefetcher


class RejectedAnswers:
    """Actions on refused answers, by their number in the history. All raise `OutboxError`."""

    def __init__(
        self,
        log: AnswerLog,
        current: CurrentTask,
        prefetcher: TaskPrefetcher,
        progress: Progress,
        on_change: Callable[[], None],
    ) -> None:
        self._log = log
        self._current = current
        self._prefetcher = prefetcher
        self._progress = progress
        self._on_change = on_change

    @property
    def answering(self) -> bool:
        """Whether the current task is one whose answer was refused, or is to be changed."""
        return self._current.asked_again

    @property
    def amending(self) -> bool:
        """Whether the current task is one whose answer is to be changed."""
        return self._current.held is not None and self._current.held.amends

    def amend(self, number: int) -> Decision | None:
        """Makes the task of a given answer current, to change it; returns that answer. `None` when it can't be changed.

        The next `decide` sends the new answer; the server keeps both.
        """
        row = self._log.amendable(number)
        if row is None:
            return None
        self._current.set_aside()
        self._current.show(ClaimedTask(row.task, again=number, amends=True))
        self._on_change()
        return row.decision

    def answer_again(self, number: int) -> Decision | None:
        """Makes the task of a refused answer current; returns the refused decision. Nothing is claimed or sent.

        The next `decide` makes a new request, and the refused answer is kept as replaced. `None` when it was not
        refused, or another answer would be of no use.
        """
        row = self._log.rejected(number)
        if row is None or row.decided().final:
            return None
        self._current.set_aside()
        self._current.show(ClaimedTask(row.task, again=number), row.decision.times)
        self._on_change()
        return row.decision

    def cancel(self) -> bool:
        """Leaves the earlier answer as it was and goes back to the work; false when none is asked again."""
        if not self.answering:
            return False
        self._current.clear()
        self._current.advance()
        self._on_change()
        return True

    def resend(self, number: int) -> bool:
        """Sends a refused answer once more as it is, as a new request; false when it was not refused."""
        resent = self._log.resend(number)
        if resent:
            self._progress.done += 1
            self._on_change()
        return resent

    def drop(self, number: int) -> bool:
        """Deletes a refused answer for good; its question may come again. False when it was not refused."""
        dropped = self._log.drop(number)
        if dropped:
            self._prefetcher.poll_now()
            self._on_change()
        return dropped

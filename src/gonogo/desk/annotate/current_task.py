"""Current task: holds the one task that the screen shows, with its timer."""

from __future__ import annotations

from collections.abc import Callable

from gonogo.desk.annotate.answer_timer import AnswerTimer
from gonogo.desk.core.models import ClaimedTask, DeskTask, Times
from gonogo.desk.session.prefetch import TaskPrefetcher


class CurrentTask:
    """Task on the screen, taken from `prefetcher`; one that is set aside keeps the time it had.

    `touched`: a key was pressed for it, so that it stays even when its claim is lost.
    """

    def __init__(self, prefetcher: TaskPrefetcher, timer: AnswerTimer, answered: Callable[[str], bool]) -> None:
        self.held: ClaimedTask | None = None
        self.touched = False
        self._prefetcher = prefetcher
        self._timer = timer
        self._answered = answered
        self._times: dict[str, Times] = {}

    @property
    def task(self) -> DeskTask | None:
        return self.held.task if self.held else None

    @property
    def asked_again(self) -> bool:
        """Whether the question is asked again because its answer was refused; then there is no claim on it."""
        return self.held is not None and self.held.again > 0

    def claimed(self) -> list[ClaimedTask]:
        """Returns the current task, if it is claimed."""
        return [self.held] if self.held and not self.held.again else []

    def advance(self) -> None:
        """Shows the next prefetched task, if there is none now and one is ahead."""
        while self.held is None and (held := self._prefetcher.pop()) is not None:
            if not self._answered(held.task.id):
                self.show(held)

    def show(self, held: ClaimedTask, times: Times | None = None) -> None:
        """Makes `held` current; its time goes on from `times`, or from where it was set aside."""
        self.held, self.touched = held, False
        earlier = self._times.pop(held.task.id, None)
        self._timer.start(times or earlier)

    def set_aside(self) -> None:
        """Puts the current task back ahead, with its time; one that is asked again needs no place there."""
        if self.held is not None and not self.held.again:
            self._times[self.held.task.id] = self._timer.stop()
            self._prefetcher.push_front(self.held)

    def put_off(self) -> ClaimedTask | None:
        """Takes the current task off the screen and returns it; its time goes on when it is shown again."""
        held = self.held
        if held is not None:
            self._times[held.task.id] = self._timer.stop()
            self.held = None
        return held

    def clear(self) -> None:
        """Leaves no task current."""
        self.held = None

    def renew(self, old: ClaimedTask, new: ClaimedTask) -> None:
        """Takes over a new lease, if `old` is the current task."""
        if self.held is old:
            self.held = new

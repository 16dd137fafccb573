"""Current task: holds the one task that the screen shows, or the page of tasks, with its timer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gonogo.desk.annotate.answer_timer import AnswerTimer
from gonogo.desk.core.models import ClaimedTask, DeskTask, Times
from gonogo.desk.session.prefetch import TaskPrefetcher


class CurrentTask:
    """Task on the screen, taken from `prefetcher`; one that is set aside keeps the time it had.

    `touched`: a key was pressed for it, so that it stays even when its claim is lost. `page` are the tasks of a page of
    equal values, at least two; then there is no single task.
    """

    def __init__(self, prefetcher: TaskPrefetcher, timer: AnswerTimer, answered: Callable[[str], bool]) -> None:
        self.held: ClaimedTask | None = None
        self.touched = False
        self.page: tuple[ClaimedTask, ...] = ()
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

    def in_hand(self) -> list[ClaimedTask]:
        """Returns what is on the screen."""
        return [self.held] if self.held else list(self.page)

    def claimed(self) -> list[ClaimedTask]:
        """Returns what is on the screen and claimed."""
        return [held for held in self.in_hand() if not held.again]

    def advance(self) -> None:
        """Shows the next prefetched task or page, if there is none now and one is ahead."""
        while not self.in_hand() and (held := self._prefetcher.pop()) is not None:
            page = [held, *self._prefetcher.pop_page(held.page)]
            page = [held for held in page if not self._answered(held.task.id)]
            if len(page) > 1:
                self.show_page(page)
            elif page:
                self.show(page[0])

    def show(self, held: ClaimedTask, times: Times | None = None) -> None:
        """Makes `held` current; its time goes on from `times`, or from where it was set aside."""
        self.held, self.page, self.touched = held, (), False
        earlier = self._times.pop(held.task.id, None)
        self._timer.start(times or earlier)

    def show_page(self, page: Sequence[ClaimedTask], times: Times | None = None) -> None:
        """Makes a page current, as `show` does one task."""
        self.held, self.page, self.touched = None, tuple(page), False
        earlier = self._times.pop(page[0].task.id, None)
        self._timer.start(times or earlier)

    def set_aside(self) -> None:
        """Puts what is current back ahead, with its time; a task that is asked again needs no place there."""
        current = self.claimed()
        if current:
            self._times[current[0].task.id] = self._timer.stop()
        for held in reversed(current):
            self._prefetcher.push_front(held)

    def put_off(self) -> ClaimedTask | None:
        """Takes the current task off the screen and returns it; its time goes on when it is shown again."""
        held = self.held
        if held is not None:
            self._times[held.task.id] = self._timer.stop()
            self.held = None
        return held

    def clear(self) -> None:
        """Leaves no task current."""
        self.held, self.page = None, ()

    def renew(self, old: ClaimedTask, new: ClaimedTask) -> None:
        """Takes over a new lease, if `old` is the current task or on the page."""
        if self.held is old:
            self.held = new
        self.page = tuple(new if held is old else held for held in self.page)

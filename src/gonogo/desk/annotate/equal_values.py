"""Equal values: the page of tasks that are confirmed at once, each as an answer of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from gonogo.client.transport.requests import PreparedRequest
from gonogo.desk.annotate.annotator_progress import Progress
from gonogo.desk.annotate.answer_log import AnswerLog
from gonogo.desk.annotate.answer_timer import AnswerTimer, split_times, sum_times
from gonogo.desk.annotate.current_task import CurrentTask
from gonogo.desk.core.models import Decision, DeskTask
from gonogo.desk.session.prefetch import TaskPrefetcher
from gonogo.desk.session.undo_buffer import Answered

BuildRequest = Callable[[str, Decision], PreparedRequest]


class EqualValues:
    """Page of equal values of an annotate session; empty while one question is asked alone, or none.

    `taken_back` are the verdicts, by task, of a page that was undone.
    """

    def __init__(
        self,
        log: AnswerLog,
        current: CurrentTask,
        prefetcher: TaskPrefetcher,
        progress: Progress,
        timer: AnswerTimer,
        build: BuildRequest,
        on_change: Callable[[], None],
    ) -> None:
        self.taken_back: Mapping[str, str] = {}
        self._log, self._current, self._prefetcher = log, current, prefetcher
        self._progress, self._timer, self._build, self._on_change = progress, timer, build, on_change

    @property
    def tasks(self) -> tuple[DeskTask, ...]:
        """The tasks of the page, in the server's order."""
        return tuple(held.task for held in self._current.page)

    @property
    def upcoming(self) -> list[DeskTask]:
        """The tasks of the next page, if it is ahead already."""
        ahead = self._prefetcher.ahead
        return [held.task for held in ahead if held.page and held.page == ahead[0].page]

    def limit(self, n_tiles: int) -> None:
        """Sets how many tasks of a page can be seen at once in this terminal; below 2 they are asked one by one."""
        self._prefetcher.page_limit = n_tiles

    def decide(self, decisions: Mapping[str, Decision], alone: Collection[str] = ()) -> None:
        """Stores the answers to tasks of the page by id, all or none (on disk when this returns).

        Each gets its share of the page's time. What is left of the page is asked next: tasks in `alone` one by one, the
        others as a page. Raises `DeskError`; then the page stays as it was.
        """
        times = self._timer.read()
        answered = [held for held in self._current.page if held.task.id in decisions]
        answers = [
            (held, replace(decisions[held.task.id], times=share, group_size=len(answered)))
            for held, share in zip(answered, split_times(times, max(len(answered), 1)), strict=False)
        ]
        self._log.add_all([(held, given, self._build(held.task.id, given)) for held, given in answers])
        self._timer.stop()
        self._progress.done += len(answers)
        self._prefetcher.record_decision_time(times.duration_ms / 1000)
        self._go_on([held.task.id for held in answered], alone)

    def ask_alone(self, task_ids: Collection[str] | None = None) -> None:
        """Takes tasks off the page, all without `task_ids`; they are asked one by one, first of what is ahead."""
        self._timer.stop()
        self._go_on([], self.ids if task_ids is None else task_ids)

    @property
    def ids(self) -> list[str]:
        """Ids of the tasks of the page."""
        return [task.id for task in self.tasks]

    def take_back(self, answers: Sequence[Answered]) -> None:
        """Shows the page of answers that were withdrawn."""
        self.taken_back = {answer.held.task.id: answer.decision.verdict for answer in answers}
        self._current.set_aside()
        self._current.show_page([a.held for a in answers], sum_times([a.decision.times for a in answers]))

    def _go_on(self, answered: Collection[str], alone: Collection[str]) -> None:
        rest = [held for held in self._current.page if held.task.id not in answered]
        singles = [replace(held, page="") for held in rest if held.task.id in alone]
        for held in reversed([*singles, *(held for held in rest if held.task.id not in alone)]):
            self._prefetcher.push_front(held)
        self.taken_back = {}
        self._current.clear()
        self._current.advance()
        self._on_change()

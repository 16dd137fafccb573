"""Practice session: shows items with known answers, some with a seeded error, and the server's feedback after each
answer.

Practice does not count for the campaign, so nothing is stored on disk. An item whose answer could not be sent stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from gonogo.client.errors import GonogoClientError
from gonogo.client.transport.retry import read_until_it_works
from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.models import Decision, DeskTask, SessionState, Stage
from gonogo.desk.core.observer_list import Signal
from gonogo.desk.core.serialize import task_from_served
from gonogo.desk.session.campaign_access import CampaignAccess
from gonogo.desk.session.dependencies import SessionDependencies
from gonogo.schemas.review import PracticeAnswer, PracticeFeedback, PracticeItem, PracticeStanding


@dataclass(frozen=True, slots=True)
class PracticeAttempt:
    """Answered item with the server's feedback."""

    task: DeskTask
    decision: Decision
    feedback: PracticeFeedback


class PracticeSession(CampaignAccess):
    """Round of practice. `current` is the item to answer, or the one whose feedback is being read (`shown_attempt`)."""

    def __init__(self, dependencies: SessionDependencies) -> None:
        super().__init__(dependencies)
        self._clock = dependencies.clock
        self.state = SessionState(Stage.LOADING, total=None)
        self.standing: PracticeStanding | None = None
        self.attempts: list[PracticeAttempt] = []
        self.shown_attempt: PracticeAttempt | None = None
        self.problem: GonogoClientError | DeskError | None = None
        self.campaign_name = ""
        self._items: list[PracticeItem] = []
        self._tasks: list[DeskTask] = []
        self._at = 0
        self._listeners = Signal()
        self._loading: asyncio.Task[None] | None = None

    # --- life ------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Fetches a round of items in the background. Never raises; `problem` is the error."""
        self._start_round()

    def _start_round(self) -> None:
        if self._loading is None or self._loading.done() or self.problem is not None:
            if self._loading is not None:
                self._loading.cancel()
            self._items, self._tasks, self.attempts, self._at, self.shown_attempt = [], [], [], 0, None
            self.problem = None
            self._set_stage(Stage.LOADING)
            self._loading = asyncio.create_task(self._load())

    async def aclose(self) -> None:
        if self._loading is not None:
            self._loading.cancel()
        await super().aclose()

    async def _load(self) -> None:
        """Fetches the round; after a failure again, by itself, with growing pauses."""
        await read_until_it_works(self._fetch, sleep=self._clock.sleep)

    async def _fetch(self) -> GonogoClientError | DeskError | None:
        try:
            practice_set = await (await self.client()).practice(self.campaign_id)
        except (GonogoClientError, DeskError) as error:
            self.problem = error
            self._set_stage(Stage.REFUSED)
            return error
        self.problem = None
        self.standing, self._items = practice_set.standing, list(practice_set.data)
        self._tasks = [task_from_served(item.task.model_dump(), self.campaign_id) for item in self._items]
        self.prefetch(*self._tasks[:3])
        self._set_stage(Stage.TASK if self._tasks else Stage.DRAINED)
        return None

    # --- what the screen sees --------------------------------------------------------------------------

    @property
    def current(self) -> DeskTask | None:
        return self._tasks[self._at] if self._at < len(self._tasks) else None

    @property
    def n_right(self) -> int:
        return sum(attempt.feedback.right for attempt in self.attempts)

    def upcoming(self) -> DeskTask | None:
        return self._tasks[self._at + 1] if self._at + 1 < len(self._tasks) else None

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Calls `listener` after each change; returns the function that unsubscribes it."""
        return self._listeners.connect(listener)

    async def answer(self, decision: Decision) -> PracticeAttempt | None:
        """Sends an answer; feedback is `shown_attempt` until `next_item`. Raises `GonogoClientError`, `DeskError`."""
        task = self.current
        if task is None or self.shown_attempt is not None:
            return None
        item = self._items[self._at].item
        answer = PracticeAnswer(item=item, verdict=decision.verdict, corrected_value=decision.corrected_value)
        feedback = await (await self.client()).practise(self.campaign_id, answer)
        self.shown_attempt = PracticeAttempt(task, decision, feedback)
        self.attempts.append(self.shown_attempt)
        self.standing = feedback.standing
        self._set_stage(Stage.TASK)
        return self.shown_attempt

    def next_item(self) -> None:
        """Goes on to the next item: the feedback has been read."""
        if self.shown_attempt is not None:
            self.shown_attempt = None
            self._at += 1
            if self._at + 2 < len(self._tasks):
                self.prefetch(self._tasks[self._at + 2])
            self._set_stage(Stage.TASK if self.current is not None else Stage.DRAINED)

    def retry_now(self) -> None:
        """Starts another round, or tries a failed one again."""
        if self.current is None and self.shown_attempt is None:
            self._start_round()

    def _set_stage(self, stage: Stage) -> None:
        self.state = replace(self.state, stage=stage, done=len(self.attempts), total=len(self._tasks) or None)
        self._listeners.emit()

"""Annotate session: runs one annotator's work in one campaign, from the prefetched task to the delivered answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace

from gonogo.client.transport.requests import RequestKind
from gonogo.desk.annotate.annotator_progress import Progress
from gonogo.desk.annotate.answer_log import AnswerLog
from gonogo.desk.annotate.answer_timer import AnswerTimer
from gonogo.desk.annotate.current_task import CurrentTask
from gonogo.desk.annotate.equal_values import EqualValues
from gonogo.desk.annotate.rejected_answers import RejectedAnswers
from gonogo.desk.annotate.resume_store import SessionStore
from gonogo.desk.annotate.state_reducer import derive_state
from gonogo.desk.annotate.submit_request import submission_request
from gonogo.desk.core.clock import wait_for, within
from gonogo.desk.core.errors import DeskError, OutboxError
from gonogo.desk.core.models import ClaimedTask, Decided, Decision, DeskTask, SendState, SessionState, Stage, Times
from gonogo.desk.core.observer_list import Signal
from gonogo.desk.outbox.rows import OutboxRow
from gonogo.desk.session.dependencies import SessionDependencies
from gonogo.desk.session.outbox_session import OutboxSession
from gonogo.desk.session.prefetch import TaskPrefetcher
from gonogo.desk.session.task_pictures import PictureCache
from gonogo.desk.session.undo_buffer import UndoPolicy

RELEASE_SECONDS = 0.4
"""Longest time that closing waits for claims to be released."""
FIRST_PAINT_SECONDS = 0.5
"""With a restored task on the screen, the network's imports wait for its paint, at most this long."""
UPKEEP_SECONDS = 5.0
HISTORY_SECONDS = 30 * 86400.0
"""Delivered answers stay in the history this long."""


class AnnotateSession:
    """Session behind the annotate screen. All methods belong to the event loop's thread.

    `await start()` opens the outbox and shows tasks restored from the last run, then fetches in the background.
    `current` is the task to show or `None`; `state` explains. Listeners are called (on the loop) on each change.
    `shown`, `key`, `edit` and `focused` drive the timer; a decision without times gets the timer's.
    """

    def __init__(self, dependencies: SessionDependencies) -> None:
        self._dependencies, self._clock = dependencies, dependencies.clock
        clock, settings = dependencies.clock, dependencies.profile
        self.state = SessionState(Stage.LOADING)
        self.left_until: float | None = None
        """After `close`: until when (wall clock, seconds) the next start asks the question that is current now."""
        self.stopwatch = AnswerTimer(clock.monotonic, settings.idle_seconds)
        self._session = OutboxSession(
            dependencies,
            on_change=self.changed,
            on_released=lambda numbers: self._log.mark(numbers, SendState.QUEUED),
            on_state=self._on_state,
            undo_policy=self._undo_policy,
        )
        connector = self._session.connector
        self._log = AnswerLog(self._session, dependencies.address, dependencies.sends, clock)
        self._store = SessionStore(dependencies, self._session.outbox.owner)
        self._prefetcher = TaskPrefetcher(
            dependencies.campaign_id,
            self._session.connection,
            connector.server,
            clock,
            self,
            most_ahead=settings.prefetch,
            instances=self._store.instances,
        )
        self.pictures = PictureCache(
            lambda: dependencies.drawings(connector.drawing_url),
            lambda: [held.task for held in self._prefetcher.ahead],
            clock=clock,
            on_drawn=self._prefetcher.record_drawing_time,
        )
        self._current = CurrentTask(self._prefetcher, self.stopwatch, self._log.answered)
        self._progress = Progress()
        self.rejected = RejectedAnswers(self._log, self._current, self._prefetcher, self._progress, self.changed)
        self.page = EqualValues(
            self._log,
            self._current,
            self._prefetcher,
            self._progress,
            self.stopwatch,
            lambda task_id, decision: submission_request(task_id, decision, dependencies.profile.verdicts),
            self.changed,
        )
        self._painted, self._progress_wanted = asyncio.Event(), asyncio.Event()
        self._announced: list[ClaimedTask] = []
        self._listeners = Signal()
        self._closed = False

    @property
    def current(self) -> DeskTask | None:
        return self._current.task

    @property
    def guideline(self) -> str:
        """The campaign's guideline (Markdown); empty when there is none, or the server does not provide it."""
        return self._progress.guideline

    @property
    def unit(self) -> str:
        """Unit of lengths that the drawings write none for; empty while it is not known."""
        reported = self._progress.reported
        return reported.unit if reported is not None else ""

    def upcoming(self) -> DeskTask | None:
        """Returns the next task, if it is ahead."""
        return self._prefetcher.ahead[0].task if self._prefetcher.ahead else None

    def history(self, *, since: float = 0.0, limit: int = 1_000_000) -> list[Decided]:
        """Returns this login's answers in this campaign, newest first, given after `since` (seconds since 1970)."""
        return self._log.history(since=since, limit=limit)

    # --- life ------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Shows the tasks of the last run, then connects, fetches and sends in the background. Never raises."""
        self._restore()
        self._current.advance()
        self.changed()
        self._session.tasks.start("connect", self._connect)
        self._session.start()
        self._session.tasks.start("upkeep", self._upkeep)

    async def close(self) -> None:
        """Sends what may be sent within a short time, releases claims, closes files. Idempotent."""
        if self._closed:
            return
        self._closed = True
        keep_claims = self._dependencies.embedded or not self._session.reachable or not self._prefetcher.extensions
        try:
            await self._session.flush()
            await self._session.tasks.stop()  # nothing more is claimed
            if not keep_claims:
                claimed = self._current.claimed()
                await within(RELEASE_SECONDS, self._clock, lambda: self._prefetcher.release_all(claimed))
        finally:
            await self._session.close(lambda: self._leave(keep_claims=keep_claims))
            await self.pictures.aclose()
            await self._session.connector.aclose()

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Calls `listener` after each change of `state` or `current`; returns the function that unsubscribes it."""
        return self._listeners.connect(listener)

    # --- what the screen observes ----------------------------------------------------------------------

    def shown(self) -> None:
        """Starts the current task's time: its prompt and picture have been painted."""
        self.stopwatch.shown()
        self._painted.set()

    def key(self) -> None:
        """Records a key or mouse event."""
        self._current.touched = True
        self.stopwatch.key()

    def edit(self, editing: bool) -> None:
        """Records that the text field was opened or left."""
        self._current.touched = True
        self.stopwatch.edit(editing)

    def begun(self) -> None:
        """Keeps the current question whatever becomes of its claim: something was typed for it in an earlier run."""
        self._current.touched = True

    def focused(self, focused: bool) -> None:
        """Records that the terminal gained or lost the focus."""
        self.stopwatch.focused(focused)

    # --- answering -------------------------------------------------------------------------------------

    def decide(self, decision: Decision) -> None:
        """Stores the answer (on disk when this returns) and makes the next task current, if one is ahead.

        Raises `DeskError` (`OutboxError` when it could not be saved); then the task stays current.
        """
        held = self._current.held
        if held is None:
            raise DeskError("There is no question to answer.", "Wait for the next one.")
        if decision.times == Times(0):
            decision = replace(decision, times=self.stopwatch.read())
        words = self._dependencies.profile.verdicts
        self._log.add(held, decision, submission_request(held.task.id, decision, words, amends=held.amends))
        self.stopwatch.stop()
        self._progress.done += not held.amends
        self._prefetcher.record_decision_time(decision.times.duration_ms / 1000)
        self._current.clear()
        self._current.advance()
        self.changed()

    def undo(self) -> tuple[DeskTask, Decision] | None:
        """Takes back the last verdict, or those of the last page, if they have not left the desk; returns the last one.

        Its task, or the page, is current again. `None` when there is none to take back.

        Raises `OutboxError` when the disk refuses.
        """
        answers = self._log.withdraw_last()
        self._progress.done = max(0, self._progress.done - sum(not answer.held.amends for answer in answers))
        if len(answers) > 1:
            self.page.take_back(answers)
        elif answers:
            self._current.set_aside()
            self._current.show(answers[0].held, answers[0].decision.times)
        self.changed()
        return (answers[-1].held.task, answers[-1].decision) if answers else None

    def put_off(self) -> bool:
        """Puts the current question off until later; false when there is no other to go on with.

        Our own server takes it back, and offers it again behind the others; elsewhere it waits here.
        """
        gives_back = self._prefetcher.extensions and self._session.reachable
        if self._current.held is None or not (self._prefetcher.ahead or gives_back):
            return False
        held = self._current.put_off()
        if held is not None and gives_back:
            self._session.tasks.start("release", lambda: self._prefetcher.release_all([held], ahead=False))
        elif held is not None:
            self._prefetcher.put_off(held)
        self._current.advance()
        self.changed()
        return True

    @property
    def takes_amendments(self) -> bool | None:
        """Whether the server lets answers be changed; `None` while it has not answered yet."""
        server = self._session.connector.connected
        return None if server is None else server.takes_amendments

    @property
    def takes_notes(self) -> bool | None:
        """Whether the server keeps notes and questions to the lead; `None` while it has not answered yet."""
        server = self._session.connector.connected
        return None if server is None else server.takes_notes

    def retry_now(self) -> None:
        """Tries the server again at once (key `r`)."""
        self._session.retry_now()
        self._prefetcher.poll_now()

    # --- PrefetchHost ----------------------------------------------------------------------------------

    def in_hand(self) -> list[ClaimedTask]:
        answered = [answer.held for answer in self._session.undo.answers]
        return answered + self._current.in_hand()

    def occupied(self) -> int:
        return self._session.counts.unsent + len(self._current.claimed())

    def answered(self, task_id: str) -> bool:
        return self._log.answered(task_id)

    def last_key(self) -> float:
        return self.stopwatch.last_key

    def on_prefetched(self, held: ClaimedTask) -> None:
        self.pictures.add(held.task)
        if not self._current.in_hand():
            self._current.advance()

    def on_renewed(self, old: ClaimedTask, new: ClaimedTask) -> None:
        self._current.renew(old, new)
        self._session.undo.renew(old, new)

    def on_lost(self, held: ClaimedTask) -> None:
        """Drops a question whose claim is lost, unless it was touched: its answer is taken late, or kept."""
        lost_current = self._current.held is held and not self._current.touched
        if lost_current and not self._dependencies.embedded and self._prefetcher.ahead:
            self._current.clear()
            self._current.advance()
            self.changed()
        else:
            self.on_renewed(held, ClaimedTask(held.task, page=held.page))

    def changed(self) -> None:
        """Derives the state anew; listeners are called once if it differs."""
        self._session.refresh()
        state = derive_state(
            bool(self._current.in_hand()),
            self._session,
            self._log,
            self._prefetcher,
            self._progress,
        )
        if state.stage is Stage.DRAINED and self.state.stage is not Stage.DRAINED:
            self._progress_wanted.set()
        if state != self.state or self._announced != self._current.in_hand():
            self.state, self._announced = state, self._current.in_hand()
            self._listeners.emit()

    # --- in the background -----------------------------------------------------------------------------

    def _restore(self) -> None:
        """Takes over what outbox and resume store know."""
        snapshot = self._store.load()
        self._progress.take_over(snapshot.progress)
        self._prefetcher.grouping = self._progress.grouping
        try:
            self._log.load()
        except OutboxError as problem:
            self._session.report(problem)
            return
        tasks = [held for held in snapshot.tasks if not self._log.answered_before(held.task.id)]
        self._prefetcher.restore(tasks)
        if tasks and snapshot.picture and tasks[0] is snapshot.tasks[0]:
            self.pictures.restore(tasks[0].task.id, snapshot.picture)

    async def _connect(self) -> None:
        """Connects behind the first paint; then asks for capabilities, confirms restored claims, starts to fetch."""
        connector, tasks = self._session.connector, self._session.tasks
        restored = bool(self._current.in_hand())
        if restored:
            await wait_for(self._painted, FIRST_PAINT_SECONDS, self._clock)
        server = await connector.connect()
        fetches_at_once = not restored and not self._progress.grouping
        if fetches_at_once:
            tasks.start("fetch", self._prefetcher.run)
        await connector.discover_capabilities()
        self._prefetcher.use_capabilities(server)
        if restored and server.extensions:
            await self._prefetcher.confirm_restored()
        if not fetches_at_once:
            tasks.start("fetch", self._prefetcher.run)
        tasks.start("tend", self._prefetcher.renew_leases)
        self._progress_wanted.set()
        self.pictures.note(*self._log.earlier_tasks())
        tasks.start("explain", self._update_progress)
        if await connector.rediscover_capabilities():
            self._prefetcher.use_capabilities(server)
            self._progress_wanted.set()

    async def _upkeep(self) -> None:
        """Saves the tasks for the next start, also after a crash; takes over what another window has sent."""
        while True:
            await self._clock.sleep(UPKEEP_SECONDS)
            self._store.instances.update({held.task.id for held in (*self.in_hand(), *self._prefetcher.ahead)})
            if self._store.differs(self._tasks_to_save()):
                with contextlib.suppress(OSError):  # a convenience; the answers are elsewhere
                    self._save()
            for row in self._log.settled_elsewhere():
                self._on_state(row, row.state, row.detail)

    async def _update_progress(self) -> None:
        """Asks the server for the progress: after connecting, when the queue is empty, when an answer was refused."""
        while True:
            await self._progress_wanted.wait()
            self._progress_wanted.clear()
            counts = self._session.counts
            unsent, done = counts.unsent - counts.amendments, self._progress.done
            reported = await self._session.connector.progress(self._dependencies.campaign_id)
            if reported is not None:
                counts = self._session.counts
                answered_since = max(0, self._progress.done - done)
                least = max(0, counts.on_desk + counts.queued - counts.amendments)
                self._progress.update(reported, least, unsent + answered_since)
                self._prefetcher.grouping = reported.grouping
                self.changed()

    def _on_state(self, row: OutboxRow, state: SendState, detail: str) -> None:
        self._log.mark({row.id}, state, detail)
        if state in (SendState.SENT, SendState.LATE, SendState.PARKED):
            self._prefetcher.delivered()
        if state is SendState.PARKED and row.kind is not RequestKind.AMENDMENT:
            self._progress.done = max(0, self._progress.done - 1)
            self._progress_wanted.set()  # the server may have another answer of this person to the question
        self.changed()

    def _undo_policy(self) -> UndoPolicy:
        prefetcher = self._prefetcher
        fetching = not (prefetcher.waiting or prefetcher.full or self._session.connection.trouble is not None)
        more = bool(self._current.in_hand()) or fetching
        return UndoPolicy(more, prefetcher.starved, prefetcher.limits.one_at_a_time)

    def _tasks_to_save(self) -> list[ClaimedTask]:
        return [*self._current.claimed(), *self._prefetcher.ahead]

    def _save(self) -> None:
        current = self._current.claimed()
        picture = self.pictures.to_save(current[0].task) if current else None
        self._store.save(self._tasks_to_save(), picture, self._progress)

    def _leave(self, *, keep_claims: bool) -> None:
        """Saves what the next start needs, with the outbox still open."""
        self._store.leave()
        self._session.outbox.prune(self._clock.wall() - HISTORY_SECONDS)
        if keep_claims:
            self._save()
            self.left_until = self._store.first_until(next(iter(self._current.claimed()), None))
        elif self._progress.grouping:
            self._store.save([], None, self._progress)  # the next start claims pages from the beginning
        else:
            self._store.forget()

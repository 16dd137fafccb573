"""One person's desk: the next task is already there, and what is called saved is on disk."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from gonogo.desk.annotate.answered import AnsweredTasks
from gonogo.desk.annotate.progress import PACE_OF, Progress, RecentAnswers
from gonogo.desk.annotate.rejected import RejectedAnswers
from gonogo.desk.annotate.resume_store import SessionStore
from gonogo.desk.annotate.state import Facts, derive_state
from gonogo.desk.annotate.submission import submission_request
from gonogo.desk.annotate.timer import AnswerTimer
from gonogo.desk.connection.circuit import ServerConnection
from gonogo.desk.connection.connect import Connector
from gonogo.desk.core.background import TaskSupervisor
from gonogo.desk.core.clock import wait_for, within
from gonogo.desk.core.errors import DeskError, OutboxError
from gonogo.desk.core.models import Decided, Decision, DeskTask, SendState, SessionState, Stage, Times
from gonogo.desk.core.signal import Signal
from gonogo.desk.outbox.outbox import Counts, Outbox, OutboxRow
from gonogo.desk.outbox.sender import Sender
from gonogo.desk.session import messages
from gonogo.desk.session.dependencies import SessionDependencies
from gonogo.desk.session.pictures import PictureCache
from gonogo.desk.session.prefetch import ClaimedTask, TaskPrefetcher
from gonogo.desk.session.undo import Answered, UndoBuffer, UndoPolicy

FLUSH_SECONDS = 0.6
RELEASE_SECONDS = 0.4
FIRST_PAINT_SECONDS = 0.5
"""With a remembered task on the screen, the network's imports wait for its paint, at most this long."""
UPKEEP_SECONDS = 5.0
KEPT_SECONDS = 30 * 86400.0
"""Delivered answers stay in the history this long."""


class AnnotateSession(RejectedAnswers):
    """The one object the annotate screen talks to. All methods belong to the event loop's thread.

    `await start()` opens the outbox and shows held tasks from the last run, then begins to fetch behind.
    `current` is the task to show or `None`; `state` explains. Listeners are called (on the loop) on each change.
    `key`, `edit` and `focused` tell the stopwatch what the screen sees; a decision without times gets its times.
    """

    def __init__(self, setup: SessionDependencies) -> None:
        self._setup, self._address = setup, setup.address
        clock = self._clock = setup.clock
        self.state = SessionState(Stage.LOADING)
        self.stopwatch = AnswerTimer(clock.monotonic, setup.profile.idle_seconds)
        self._outbox = Outbox(setup.outbox_file, wall=clock.wall)
        self._sending = Outbox(setup.outbox_file, wall=clock.wall, mark=self._outbox.mark)
        self._known = AnsweredTasks(self._outbox, setup.sends, clock)
        self._line = ServerConnection(clock, self.changed)
        self._link = Connector(setup.connect, self._line, clock)
        self._sender = Sender(self._sending, setup.sends, self._line, self._link.server, clock, self._settled)
        prefetch = setup.profile.prefetch
        self._keeping = SessionStore(setup, self._outbox.mark)
        among, server = self._keeping.windows, self._link.server
        self._stream = TaskPrefetcher(
            setup.campaign_id, self._line, server, clock, self, most_ahead=prefetch, windows=among
        )
        self.pictures = PictureCache(
            lambda: setup.drawings(self._link.drawing_url), self._upcoming, clock=clock, on_drawn=self._stream.drawn
        )
        self._jobs = TaskSupervisor(clock, self._broke)
        self._painted, self._leave, self._puzzled = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._held: ClaimedTask | None = None
        self._touched = False
        self._tray = UndoBuffer()
        self._carried: dict[str, Times] = {}
        self._recent, self._progress = RecentAnswers(), Progress()
        self._counts = Counts()
        self._problem = ("", "")
        self._announced: ClaimedTask | None = None
        self._listeners = Signal()
        self._closed = False
        self.left_until: float | None = None
        """After `close`: until when (wall clock, seconds) the next start will ask the question that is current now."""

    @property
    def current(self) -> DeskTask | None:
        return self._held.task if self._held else None

    @property
    def guideline(self) -> str:
        """The campaign's guideline (Markdown); empty when there is none, or the server does not say."""
        return self._progress.guideline

    def _upcoming(self) -> list[DeskTask]:
        return [held.task for held in self._stream.ahead]

    def upcoming(self) -> DeskTask | None:
        """The next task, if it is ahead."""
        return self._stream.ahead[0].task if self._stream.ahead else None

    # --- life ------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Show what was on the desk, then begin to connect, fetch and send behind. Never raises."""
        self._load()
        self._advance()
        self.changed()
        self._jobs.begin("connect", self._connect)
        self._jobs.begin("send", self._sender.run)
        self._jobs.begin("desk", self._clear_desk)
        self._jobs.begin("upkeep", self._upkeep)

    async def close(self) -> None:
        """Send what may be sent within a short time, release claims, close files. Idempotent."""
        if self._closed:
            return
        self._closed = True
        reachable = self._link.remote is not None and self._line.trouble is None
        keep = self._setup.embedded or not reachable or not self._stream.extensions
        try:
            self._let_go(self._tray.answers)
            if reachable:
                await within(FLUSH_SECONDS, self._clock, self._sender.idle.wait)
            await self._jobs.end()  # nothing more is claimed
            if not keep:
                await within(RELEASE_SECONDS, self._clock, lambda: self._stream.give_back(self._mine()))
        finally:
            await self._jobs.end()
            self._put_away(keep=keep)
            await self.pictures.aclose()
            await self._link.aclose()

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after each change of `state` or `current`; returns the function that ends it."""
        return self._listeners.add(listener)

    # --- what the screen sees --------------------------------------------------------------------------

    def shown(self) -> None:
        """The current task's prompt and picture have been painted: its time begins."""
        self.stopwatch.shown()
        self._painted.set()

    def key(self) -> None:
        """A key or mouse event came."""
        self._touched = True
        self.stopwatch.key()

    def edit(self, editing: bool) -> None:
        """The text field was opened or left."""
        self._touched = True
        self.stopwatch.edit(editing)

    def begun(self) -> None:
        """Something was typed for the current question in an earlier run: it stays, whatever became of its claim."""
        self._touched = True

    def focused(self, focused: bool) -> None:
        """The terminal reported that it gained or lost the focus."""
        self.stopwatch.focused(focused)

    # --- answering -------------------------------------------------------------------------------------

    def decide(self, decision: Decision) -> None:
        """Journal the answer (on disk when this returns) and make the next task current, if one is ahead.

        Raises `DeskError` (`OutboxError` when it could not be saved); then the task stays current.
        """
        held = self._held
        if held is None:
            raise DeskError("There is no question to answer.", "Wait for the next one.")
        if decision.times == Times(0):
            decision = replace(decision, times=self.stopwatch.read())
        request = submission_request(held.task.id, decision, self._setup.profile.verdicts)
        self._problem = ("", "")
        number = self._outbox.add(self._address, held.task, decision, request, replaces=held.again)
        self._recent.mark({held.again}, SendState.REPLACED)
        self.stopwatch.stop()
        self._tray.answers.append(Answered(number, held, decision, self._clock.monotonic()))
        self._recent.add(number, Decided(held.task, decision, SendState.ON_DESK))
        self._progress.done += 1
        self._stream.decided(decision.times.duration_ms / 1000)
        self._held = None
        self._advance()
        self.changed()

    def undo(self) -> tuple[DeskTask, Decision] | None:
        """Take back the last verdict if it has not left the desk; its task is current again. Else `None`.

        Raises `OutboxError` when the disk refuses.
        """
        if not self._tray.answers:
            return None
        answer = self._tray.answers[-1]
        taken = self._outbox.take_back(answer.number)
        self._tray.leave([answer])
        if not taken:
            self.changed()
            return None
        self._set_aside()
        self._carried[answer.held.task.id] = answer.decision.times
        self._recent.remove(answer.number)
        self._look_at(answer.held.again)
        self._progress.done = max(0, self._progress.done - 1)
        self._show(answer.held)
        self.changed()
        return answer.held.task, answer.decision

    def retry_now(self) -> None:
        """Try the server again at once (key `r`)."""
        self._link.retry_now()
        self._line.retry_now()
        self._stream.look_now()
        self._sender.retry_now()

    # --- what the stream asks and tells (`stream.Surroundings`) ------------------------------------------

    def in_hand(self) -> list[ClaimedTask]:
        return [answer.held for answer in self._tray.answers] + ([self._held] if self._held else [])

    def occupied(self) -> int:
        return self._counts.unsent + len(self._mine())

    def answered(self, task_id: str) -> bool:
        return self._known.answered(task_id)

    def last_key(self) -> float:
        return self.stopwatch.last_key

    def arrived(self, held: ClaimedTask) -> None:
        self.pictures.add(held.task)
        if self._held is None:
            self._advance()

    def renewed(self, old: ClaimedTask, new: ClaimedTask) -> None:
        if self._held is old:
            self._held = new
        self._tray.renewed(old, new)

    def lost(self, held: ClaimedTask) -> None:
        """Somebody else may have it. A question that was looked at stays: its answer is taken late, or kept."""
        kept = ClaimedTask(held.task)
        if self._held is held and not self._touched and not self._setup.embedded and self._stream.ahead:
            self._held = None
            self._advance()
            self.changed()
        else:
            self.renewed(held, kept)

    def changed(self) -> None:
        """Something that is shown may be different: tell the screen, once."""
        try:
            self._counts = self._outbox.counts(self._address)
        except OutboxError as problem:
            self._problem = (str(problem), problem.next_step)
        for outbox in (self._outbox, self._sending):
            while outbox.notices:
                self._problem = (outbox.notices.pop(), "")
        state = derive_state(self._facts(), self._stream)
        self._leave.set()
        if state.stage is Stage.DRAINED and self.state.stage is not Stage.DRAINED:
            self._puzzled.set()
        if state != self.state or self._announced is not self._held:
            self.state, self._announced = state, self._held
            self._listeners.tell()

    # --- behind the screen -----------------------------------------------------------------------------

    def _load(self) -> None:
        """What the outbox and the last run know."""
        old = self._keeping.load()
        self._progress = old.progress
        try:
            self._recent.load(self._outbox.history(self._address, limit=PACE_OF))
        except OutboxError as problem:
            self._problem = (str(problem), problem.next_step)
            return
        tasks = [held for held in old.tasks if not self.answered(held.task.id)]
        self._stream.restore(tasks)
        if tasks and old.picture and tasks[0] is old.tasks[0]:
            self.pictures.restore(tasks[0].task.id, old.picture)

    def _advance(self) -> None:
        """Make the next task current, if one is ahead."""
        while self._held is None and (held := self._stream.take()) is not None:
            if not self.answered(held.task.id):
                self._show(held)

    def _show(self, held: ClaimedTask) -> None:
        self._held, self._touched = held, False
        self.stopwatch.begin(self._carried.pop(held.task.id, None))

    async def _connect(self) -> None:
        """The server, behind the first paint; then what it can do, what is still ours, and how far the work is."""
        restored = self._held is not None
        if restored:
            await wait_for(self._painted, FIRST_PAINT_SECONDS, self._clock)
        remote = await self._link.connect()
        if not restored:
            self._jobs.begin("fetch", self._stream.run)
        await self._link.greet()
        self._stream.served_by(remote)
        if restored:
            if remote.extensions:
                await self._stream.confirm()
            self._jobs.begin("fetch", self._stream.run)
        self._jobs.begin("tend", self._stream.tend)
        self._puzzled.set()
        self._jobs.begin("explain", self._explain)

    async def _clear_desk(self) -> None:
        """Let answers leave when they can no longer be taken back."""
        while True:
            self._leave.clear()
            going, rest = self._tray.due(self._clock.monotonic(), self._setup.profile.undo_seconds, self._outlook())
            self._let_go(going)
            await wait_for(self._leave, rest, self._clock)

    def _outlook(self) -> UndoPolicy:
        stream = self._stream
        coming = not (stream.waiting or stream.full or self._line.trouble is not None)
        return UndoPolicy(self._held is not None or coming, stream.starved, stream.limits.one_at_a_time)

    def _let_go(self, answers: Sequence[Answered]) -> None:
        if numbers := self._tray.leave(answers):
            self._recent.mark(numbers, SendState.QUEUED)
            self._sender.release(sorted(numbers))
            self.changed()

    def _settled(self, row: OutboxRow, state: SendState, detail: str) -> None:
        """The sender says what became of a verdict."""
        self._recent.mark({row.id}, state, detail)
        if state in (SendState.SENT, SendState.LATE, SendState.PARKED):
            self._stream.delivered()
        if state is SendState.PARKED:
            self._puzzled.set()  # it does not count as done: ask how far the work is
        self.changed()

    async def _upkeep(self) -> None:
        """Keep what is on the desk for the next start, also after a crash; see what another window has sent."""
        while True:
            await self._clock.sleep(UPKEEP_SECONDS)
            self._keeping.windows.keep({held.task.id for held in (*self.in_hand(), *self._stream.ahead)})
            if self._keeping.differs(self._holding()):
                with contextlib.suppress(OSError):  # a convenience; the answers are elsewhere
                    self._save()
            self._look_back()

    async def _explain(self) -> None:
        """Ask how far the work is: after connecting, and when the queue runs empty."""
        while True:
            await self._puzzled.wait()
            self._puzzled.clear()
            unsent, done = self._counts.unsent, self._progress.done
            standing = await self._link.standing(self._setup.campaign_id)
            if standing is not None:
                counts = self._counts
                since = max(0, self._progress.done - done)
                self._progress.learn(standing, counts.on_desk + counts.queued, unsent + since)
                self.changed()

    def _save(self) -> None:
        seen = self.pictures.to_save(self._held.task) if self._held and self._mine() else None
        self._keeping.save(self._holding(), seen, self._progress)

    def _holding(self) -> list[ClaimedTask]:
        return [*self._mine(), *self._stream.ahead]

    def _mine(self) -> list[ClaimedTask]:
        """The current task, if it is claimed: one that is asked again is not."""
        return [self._held] if self._held and not self._held.again else []

    def _put_away(self, *, keep: bool) -> None:
        """Write down what must be there at the next start, and close the files."""
        self._sending.close()  # first: its thread may still be in a transaction
        with contextlib.suppress(OutboxError, OSError):  # the answers are on the disk; the next start takes them over
            self._keeping.leave()
            self._outbox.leave_all()
            self._outbox.prune(self._clock.wall() - KEPT_SECONDS)
            if keep:
                self._save()
                self.left_until = self._keeping.kept_until(next(iter(self._mine()), None))
            else:
                self._keeping.forget()
        self._outbox.close()

    def _broke(self, name: str, error: Exception) -> None:
        self._problem = messages.broke(name, error)
        self.changed()

    def _facts(self) -> Facts:
        return Facts(
            current=self.current,
            trouble=self._line.trouble,
            retry_in=self._line.retry_in,
            counts=self._counts,
            progress=self._progress,
            can_undo=bool(self._tray.answers),
            recent=self._recent.all(),
            stuck=self._known.stuck,
            problem=self._problem,
            pace=self._recent.pace if self._setup.profile.show_pace else None,
        )

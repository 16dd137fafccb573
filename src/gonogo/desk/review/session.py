"""A reviewer's desk: conflicts in order, the next ones with their crops ahead, rulings on disk before they are sent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import cast

from gonogo.client.errors import GonogoClientError, InvalidInputError
from gonogo.client.requests import PreparedRequest, adjudicate_request, ruling_request
from gonogo.desk.connection.circuit import ServerConnection, is_trouble
from gonogo.desk.connection.connect import Connector
from gonogo.desk.connection.protocol import WorkProgress
from gonogo.desk.core.background import TaskSupervisor
from gonogo.desk.core.clock import wait_for, within
from gonogo.desk.core.errors import DeskError, OutboxError
from gonogo.desk.core.models import Decision, DeskTask, SendState, SessionState, Stage
from gonogo.desk.core.signal import Signal
from gonogo.desk.outbox.outbox import Counts, Outbox, OutboxRow
from gonogo.desk.outbox.sender import Sender
from gonogo.desk.review.models import Case, QueueRow, ReviewFilters, Ruled, Ruling
from gonogo.desk.review.queue import ReviewQueue
from gonogo.desk.review.server_adapter import ReviewServer
from gonogo.desk.session import messages
from gonogo.desk.session.dependencies import SessionDependencies
from gonogo.desk.session.pictures import PictureCache
from gonogo.desk.session.prefetch import ClaimedTask
from gonogo.desk.session.undo import Answered, UndoBuffer, UndoPolicy

FLUSH_SECONDS = 0.6
AHEAD = 4
"""Cases fetched, with their crops, before they are asked for."""
KEPT_CASES = 60


class ReviewSession:
    """The one object the review screens talk to. All methods belong to the event loop's thread.

    `queue` is the list; `current` the case to rule on, or `None` while it is fetched or when nothing is left.
    Listeners are called (on the loop) after each change. `names`: who voted is fetched and shown.
    """

    def __init__(self, setup: SessionDependencies) -> None:
        self._setup, self._address, self._clock = setup, setup.address, setup.clock
        clock = self._clock
        self.state = SessionState(Stage.LOADING)
        self._outbox = Outbox(setup.outbox_file, wall=clock.wall)
        self._sending = Outbox(setup.outbox_file, wall=clock.wall, mark=self._outbox.mark)
        self._line = ServerConnection(clock, self.changed)
        self._link = Connector(setup.connect, self._line, clock)
        self._sender = Sender(self._sending, setup.sends, self._line, self._link.server, clock, self._settled)
        self.pictures = PictureCache(lambda: setup.drawings(self._link.drawing_url), self._upcoming)
        self._jobs = TaskSupervisor(clock, self._broke)
        self._listeners, self._tray, self._leave = Signal(), UndoBuffer(), asyncio.Event()
        self.queue = ReviewQueue(setup.campaign_id, self._line, self._server, self.changed)
        self.ruled: dict[str, Ruled] = {}
        self.names = False
        self._cases: dict[str, Case] = {}
        self._gone: dict[str, GonogoClientError] = {}
        self._at: int | None = None
        self._wake = asyncio.Event()
        self._standing: WorkProgress | None = None
        self._problem = ("", "")
        self._closed = False

    # --- life ------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to connect, to fetch and to send behind. Never raises."""
        try:
            self._remember()
        except OutboxError as problem:
            self._problem = (str(problem), problem.next_step)
        self._jobs.begin("connect", self._connect)
        self._jobs.begin("send", self._sender.run)
        self._jobs.begin("desk", self._clear_desk)
        self.changed()

    async def close(self) -> None:
        """Send what may be sent within a short time, and close files. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._let_go(self._tray.answers)
        try:
            if self._link.remote is not None and self._line.trouble is None:
                await within(FLUSH_SECONDS, self._clock, self._sender.idle.wait)
        finally:
            await self._jobs.end()
            self._sending.close()  # first: its thread may still be in a transaction
            with contextlib.suppress(OutboxError, OSError):  # the rulings are on the disk
                self._outbox.leave_all()
            self._outbox.close()
            await self.pictures.aclose()
            await self._link.aclose()

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after each change; returns the function that ends it."""
        return self._listeners.add(listener)

    # --- what the screens see --------------------------------------------------------------------------

    @property
    def plain(self) -> bool:
        """The server is a plain ARCNM one: no votes, notes, names or gold candidates."""
        remote = self._link.remote
        return remote is not None and not remote.extensions

    @property
    def current(self) -> Case | None:
        row = self.queue.row(self._at)
        return self._cases.get(row.task.id) if row else None

    @property
    def at(self) -> int | None:
        """Which row of the queue is (to be) the current case."""
        return self._at

    @property
    def unreadable(self) -> GonogoClientError | None:
        """Why the case asked for cannot be shown."""
        row = self.queue.row(self._at)
        return self._gone.get(row.task.id) if row else None

    def upcoming(self) -> Case | None:
        """The next case, if it is ahead."""
        row = self.queue.row(self._following(self._at))
        return self._cases.get(row.task.id) if row else None

    def waiting(self, start: int, most: int) -> list[QueueRow]:
        """Up to `most` rows from row `start` on that wait for a ruling; then from the top."""
        found: list[QueueRow] = []
        for begin, end in ((start, self.queue.loaded), (0, start)):
            index = self.queue.next_open(begin - 1, self._waits)
            while index is not None and index < end and len(found) < most:
                row = self.queue.row(index)
                if row is not None:
                    found.append(row)
                index = self.queue.next_open(index, self._waits)
        return found

    def open(self, index: int | None) -> None:
        """Make the case in row `index` the current one; `None`: back to the list."""
        self._at = index
        self._wake.set()
        self.changed()

    def skip(self) -> None:
        """Go on to the next case; this one keeps waiting."""
        following = self.queue.next_open(-1 if self._at is None else self._at, self._waits)
        self.open(following if following is not None else self._following(None))

    def show_names(self, names: bool) -> None:
        """Fetch the current case again with, or without, who voted."""
        self.names = names
        self._wake.set()
        self.changed()

    def look_for(self, filters: ReviewFilters) -> None:
        """Another list: what is loaded is dropped, rulings stay."""
        self._at = None
        self._gone.clear()
        self.queue.look_for(filters)
        self._wake.set()
        self.changed()

    def retry_now(self) -> None:
        """Try the server again at once (key `r`)."""
        self._gone.clear()
        self._problem = ("", "")
        self._link.retry_now()
        self._line.retry_now()
        self.queue.look_now()
        self._sender.retry_now()
        self._wake.set()

    def focused(self, focused: bool) -> None:
        """Rulings are not timed; the application tells every desk."""

    # --- ruling ----------------------------------------------------------------------------------------

    def rule(self, ruling: Ruling) -> None:
        """Journal a ruling on the current case (on disk when this returns); the next case becomes current.

        Raises `DeskError` (`OutboxError` when it could not be saved); then the case stays current.
        """
        case, index = self.current, self._at
        if case is None or index is None:
            raise DeskError("There is no case to rule on.", "Wait for it, or choose another in the list.")
        self._journal(case.row, ruling)
        self._at = self._following(index)
        self._wake.set()
        self.changed()

    def rule_row(self, row: QueueRow, ruling: Ruling) -> None:
        """Journal a ruling on any row, as the contact sheet does. Raises `DeskError`."""
        self._journal(row, ruling)
        self.changed()

    def _journal(self, row: QueueRow, ruling: Ruling) -> None:
        request = _request(row.task.id, ruling, plain=self.plain)
        decision = Decision(ruling.verdict, ruling.value)
        number = self._outbox.add(self._address, row.task, decision, request)
        self._problem = ("", "")
        self._tray.answers.append(Answered(number, ClaimedTask(row.task), decision, self._clock.monotonic()))
        self.ruled[row.task.id] = Ruled(number, ruling, SendState.ON_DESK)

    def undo(self, *, show: bool = True) -> tuple[DeskTask, Ruling] | None:
        """Take back the last ruling if it has not left the desk; with `show` its case is current again. Else `None`."""
        if not self._tray.answers:
            return None
        answer = self._tray.answers[-1]
        taken = self._outbox.take_back(answer.number)
        self._tray.leave([answer])
        if not taken:
            self.changed()
            return None
        task = answer.held.task
        undone = self.ruled.pop(task.id)
        if show:
            self._at = self.queue.find(task.id)
        self._wake.set()
        self.changed()
        return task, undone.ruling

    def _upcoming(self) -> list[DeskTask]:
        return [case.task for case in self._cases.values()][-AHEAD:]

    # --- behind the screens ----------------------------------------------------------------------------

    def changed(self) -> None:
        """Something that is shown may be different: tell the screens."""
        self.state = self._state()
        self._leave.set()
        self._listeners.tell()

    async def _server(self) -> ReviewServer:
        return cast(ReviewServer, await self._link.server())

    def _remember(self) -> None:
        """Rulings of an earlier run that have not reached the server."""
        for row in self._outbox.history(self._address, unsettled=True):
            if row.request.path.endswith(("/ruling", "/adjudicate")):
                ruling = Ruling(row.decision.verdict, row.decision.corrected_value)
                self.ruled.setdefault(row.task_id, Ruled(row.id, ruling, row.state, row.detail))

    async def _connect(self) -> None:
        await self._link.connect()
        await self._link.greet()
        self._jobs.begin("pages", self.queue.run)
        self._jobs.begin("cases", self._fetch_cases)
        self._standing = await self._link.standing(self._setup.campaign_id)
        self.changed()

    async def _fetch_cases(self) -> None:
        """Keep the current case and the next ones on the desk."""
        while True:
            self._wake.clear()
            row = next(iter(self._missing()), None)
            if row is None:
                await wait_for(self._wake, None, self._clock)
                continue
            await self._fetch_case(row)

    def _missing(self) -> list[QueueRow]:
        wanted, index = [], self._at if self._at is not None else self._following(None)
        for _ in range(AHEAD):
            row = self.queue.row(index)
            if row is None:
                break
            wanted.append(row)
            index = self._following(index)
        held = self._cases
        return [
            row
            for row in wanted
            if row.task.id not in self._gone
            and (row.task.id not in held or held[row.task.id].names != (self.names and not self.plain))
        ]

    async def _fetch_case(self, row: QueueRow) -> None:
        remote, names = await self._server(), (self.names and not self.plain)
        try:
            async with self._line.turn():
                case = await remote.case(row, names)
            self._line.clear()
        except GonogoClientError as error:
            if not is_trouble(error):
                self._gone[row.task.id] = error
            self.changed()
            return
        if row.task.id not in self._cases:
            self.pictures.add(row.task)
        self._cases[row.task.id] = case
        for old in list(self._cases)[: max(0, len(self._cases) - KEPT_CASES)]:
            del self._cases[old]
        self.changed()

    def _following(self, index: int | None) -> int | None:
        """The next row after `index` (`None`: from the top) without a ruling; wraps round to what was passed."""
        found = self.queue.next_open(-1 if index is None else index, self._waits)
        if found is None and index is not None:
            found = self.queue.next_open(-1, lambda row: self._waits(row) and self.queue.find(row.task.id) != index)
        return found

    def _waits(self, row: QueueRow) -> bool:
        return row.task.id not in self.ruled and not row.adjudicated and row.task.id not in self._gone

    async def _clear_desk(self) -> None:
        """Let rulings leave when they can no longer be taken back."""
        while True:
            self._leave.clear()
            outlook = UndoPolicy(self._at is not None, starved=False, one_by_one=False)
            going, rest = self._tray.due(self._clock.monotonic(), self._setup.profile.undo_seconds, outlook)
            self._let_go(going)
            await wait_for(self._leave, rest, self._clock)

    def _let_go(self, answers: Sequence[Answered]) -> None:
        if numbers := self._tray.leave(answers):
            self._mark(numbers, SendState.QUEUED)
            self._sender.release(sorted(numbers))
            self.changed()

    def _settled(self, row: OutboxRow, state: SendState, detail: str) -> None:
        """The sender says what became of a ruling."""
        self._mark({row.id}, state, detail)
        if state is SendState.PARKED and row.task_id in self.ruled:
            self._cases.pop(row.task_id, None)  # what stands there now is to be shown beside this ruling
            self._wake.set()
        self.changed()

    def _mark(self, numbers: set[int], state: SendState, detail: str = "") -> None:
        for task_id, one in self.ruled.items():
            if one.number in numbers:
                self.ruled[task_id] = Ruled(one.number, one.ruling, state, detail)

    def _broke(self, name: str, error: Exception) -> None:
        self._problem = messages.broke(name, error)
        self.changed()

    # --- in words --------------------------------------------------------------------------------------

    def _state(self) -> SessionState:
        counts = self._counts()
        stage, (message, step) = self._stage(counts.unsent)
        done = sum(not one.refused for one in self.ruled.values())
        ahead = sum(self._waits(case.row) for case in self._cases.values())
        return SessionState(
            stage=stage,
            campaign_name=self._standing.campaign_name if self._standing else "",
            done=done,
            total=self.queue.count,
            ahead=max(0, ahead - (self.current is not None)),
            unsent=counts.unsent,
            parked=sum(one.refused for one in self.ruled.values()),
            can_undo=bool(self._tray.answers),
            message=message,
            next_step=step,
            retry_in=self._line.retry_in,
        )

    def _counts(self) -> Counts:
        try:
            return self._outbox.counts(self._address)
        except OutboxError as problem:
            self._problem = (str(problem), problem.next_step)
            return Counts()

    def _stage(self, unsent: int) -> tuple[Stage, tuple[str, str]]:
        trouble = self._line.trouble
        if trouble is not None and trouble.signed_out:
            return Stage.SIGNED_OUT, messages.signed_out(trouble, unsent)
        words = messages.offline(trouble, unsent) if trouble is not None else self._problem
        if self.current is not None:
            return Stage.TASK, words
        if trouble is not None:
            return Stage.OFFLINE, words
        if self.queue.refused is not None:
            return Stage.REFUSED, messages.refused(self.queue.refused)
        if self.unreadable is not None:
            return Stage.REFUSED, (str(self.unreadable), self.unreadable.next_step)
        if self.queue.complete and self._following(None) is None:
            return Stage.DRAINED, words
        return Stage.LOADING, words


def _request(task_id: str, ruling: Ruling, *, plain: bool) -> PreparedRequest:
    """Builds the ruling's request. A plain server takes only verdict and value: note, error type and gold stay out.

    Raises:
        DeskError: the value holds what JSON cannot.
    """
    try:
        if plain:
            return adjudicate_request(task_id, ruling.verdict, corrected_value=ruling.value)
        return ruling_request(
            task_id,
            ruling.verdict,
            corrected_value=ruling.value,
            note=ruling.note,
            error_type=ruling.error_type,
            gold_candidate=ruling.gold,
            override=ruling.override,
        )
    except InvalidInputError as error:
        raise DeskError("This value has something in it that cannot be sent.", "Type it again.") from error

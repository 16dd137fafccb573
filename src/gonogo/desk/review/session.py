"""Review session: presents disputed tasks in order, prefetches the next ones, and stores rulings on disk before they
are sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import cast

from gonogo.client.errors import GonogoClientError
from gonogo.client.transport.requests import RequestKind
from gonogo.desk.connection.circuit_breaker import is_trouble
from gonogo.desk.connection.server_protocol import WorkProgress
from gonogo.desk.core.clock import wait_for
from gonogo.desk.core.errors import DeskError, OutboxError
from gonogo.desk.core.models import ClaimedTask, Decision, DeskTask, SendState, SessionState, Stage
from gonogo.desk.core.observer_list import Signal
from gonogo.desk.outbox.rows import OutboxRow
from gonogo.desk.review.clusters import Cluster, Grouping
from gonogo.desk.review.example import Example, last_example
from gonogo.desk.review.models import Case, QueueRow, ReviewFilters, Ruled, Ruling
from gonogo.desk.review.queue import ReviewQueue
from gonogo.desk.review.request import prepare_ruling
from gonogo.desk.review.server_adapter import ReviewServer
from gonogo.desk.session import messages
from gonogo.desk.session.dependencies import SessionDependencies
from gonogo.desk.session.outbox_session import OutboxSession
from gonogo.desk.session.task_pictures import PictureCache
from gonogo.desk.session.undo_buffer import UndoPolicy

AHEAD = 4
"""Cases prefetched, with their crops."""
KEPT_CASES = 60


class ReviewSession:
    """Session behind the review screens. All methods belong to the event loop's thread.

    `queue` is the list; `current` the case to rule on, or `None` while it is fetched or when nothing is left.
    Listeners are called (on the loop) after each change. `names`: the voters' names are fetched and shown.
    """

    def __init__(self, dependencies: SessionDependencies) -> None:
        self._campaign_id = dependencies.campaign_id
        self._session = OutboxSession(
            dependencies,
            on_change=self.changed,
            on_released=lambda numbers: self._mark(numbers, SendState.QUEUED),
            on_state=self._on_state,
            undo_policy=lambda: UndoPolicy(bool(self._task_id), starved=False, one_by_one=False),
        )
        connector = self._session.connector
        self.state = SessionState(Stage.LOADING)
        self.queue = ReviewQueue(dependencies.campaign_id, self._session.connection, self._server, self.changed)
        self.pictures = PictureCache(lambda: dependencies.drawings(connector.drawing_url), self._latest)
        self.ruled: dict[str, Ruled] = {}
        self.names = False
        self._verdict_words = dependencies.profile.verdicts
        self._address, self._clock = dependencies.address, dependencies.clock
        self._cases: dict[str, Case] = {}
        self._unreadable: dict[str, GonogoClientError] = {}
        self._task_id = ""
        """Task of the current case; its row moves when the list is grouped."""
        self._looked_at: int | None = None
        self._wake = asyncio.Event()
        self._discovered = False
        self._progress: WorkProgress | None = None
        self._listeners = Signal()
        self._closed = False

    # --- life ------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Connects, fetches and sends in the background. Never raises."""
        try:
            self._restore()
        except OutboxError as problem:
            self._session.report(problem)
        self._session.tasks.start("connect", self._connect)
        self._session.start()
        self.changed()

    async def close(self) -> None:
        """Sends what may be sent within a short time, and closes files. Idempotent."""
        if self._closed:
            return
        self._closed = True
        try:
            await self._session.flush()
        finally:
            await self._session.close()
            await self.pictures.aclose()
            await self._session.connector.aclose()

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Calls `listener` after each change; returns the function that unsubscribes it."""
        return self._listeners.connect(listener)

    # --- what the screens see --------------------------------------------------------------------------

    @property
    def plain(self) -> bool:
        """Whether the server is known to be a plain ARCNM one: no votes, notes, names or gold candidates."""
        server = self._session.connector.connected
        return self._discovered and server is not None and not server.extensions

    @property
    def current(self) -> Case | None:
        return self._cases.get(self._task_id)

    @property
    def at(self) -> int | None:
        """Row of the queue that is (or will be) the current case."""
        return self.queue.find(self._task_id)

    @property
    def unreadable(self) -> GonogoClientError | None:
        """Error because of which the case asked for cannot be shown."""
        return self._unreadable.get(self._task_id)

    def upcoming(self) -> Case | None:
        """Returns the next case, if it is prefetched."""
        row = self.queue.row(self._following(self.at))
        return self._cases.get(row.task.id) if row else None

    def waiting(self, start: int, most: int) -> list[QueueRow]:
        """Returns up to `most` rows that wait for a ruling, from row `start` on; then from the top."""
        rows: list[QueueRow] = []
        for first, end in ((start, self.queue.loaded), (0, start)):
            index = self.queue.next_open(first - 1, self.waits)
            while index is not None and index < end and len(rows) < most:
                row = self.queue.row(index)
                if row is not None:
                    rows.append(row)
                index = self.queue.next_open(index, self.waits)
        return rows

    def waiting_like(self, example: Example) -> list[QueueRow]:
        """Returns the rows of the example's cluster that wait for a ruling."""
        return [row for cluster in self.queue.clusters if cluster.key == example.cluster for row in self._open(cluster)]

    def example_for(self, task_id: str) -> Example | None:
        """Returns the last ruling on an item of the task's cluster that can be applied to others, if some wait."""
        cluster = self.queue.cluster_of(task_id)
        return last_example(cluster, self.ruled) if cluster is not None and self._open(cluster) else None

    def _open(self, cluster: Cluster) -> list[QueueRow]:
        return [row for row in cluster.rows if self.waits(row)]

    def open(self, index: int | None) -> None:
        """Makes the case in row `index` current; `None`: back to the list."""
        self._move_to(index)
        self._wake.set()
        self.changed()

    def _move_to(self, index: int | None) -> None:
        row = self.queue.row(index)
        self._task_id = row.task.id if row is not None else ""

    def case_of(self, row: QueueRow) -> Case | None:
        """Returns the case of a row, once it is loaded."""
        return self._cases.get(row.task.id)

    def look_at(self, index: int) -> None:
        """Loads the case in row `index` next, while none is open: the list shows a preview of it."""
        self._looked_at = index
        self._wake.set()

    def next_waiting(self, index: int) -> int:
        """Returns the row from `index` on that waits for a ruling; `index` itself if none does."""
        following = self.queue.next_open(index - 1, self.waits)
        return index if following is None else following

    def skip(self) -> None:
        """Goes on to the next case; this one keeps waiting."""
        following = self.queue.next_open(-1 if self.at is None else self.at, self.waits)
        self.open(following if following is not None else self._following(None))

    def show_names(self, names: bool) -> None:
        """Fetches the current case again, with or without the voters' names."""
        self.names = names
        self._wake.set()
        self.changed()

    def look_for(self, filters: ReviewFilters) -> None:
        """Loads another list; rulings stay."""
        self._task_id, self._looked_at = "", None
        self._unreadable.clear()
        self.queue.look_for(filters)
        self._wake.set()
        self.changed()

    def group_by(self, grouping: Grouping) -> None:
        """Groups the list by cause or by value, or not at all; the current case stays."""
        self.queue.group_by(grouping)
        self._wake.set()
        self.changed()

    def retry_now(self) -> None:
        """Tries the server again at once (key `r`)."""
        self._unreadable.clear()
        self._session.problem = ("", "")
        self._session.retry_now()
        self.queue.reload()
        self._wake.set()

    def focused(self, focused: bool) -> None:
        """Does nothing: rulings are not timed, but the application reports the focus to every session."""

    # --- ruling ----------------------------------------------------------------------------------------

    def rule(self, ruling: Ruling) -> None:
        """Stores a ruling on the current case (on disk when this returns); the next case becomes current.

        Raises `DeskError` (`OutboxError` when it could not be saved); then the case stays current.
        """
        case = self.current
        if case is None:
            raise DeskError("There is no case to rule on.", "Wait for it, or choose another in the list.")
        self._add(case.row, ruling)
        self._move_to(self._following(self.at))
        self._wake.set()
        self.changed()

    def rule_row(self, row: QueueRow, ruling: Ruling) -> None:
        """Stores a ruling on any row, as the contact sheet does. Raises `DeskError`."""
        self._add(row, ruling)
        self.changed()

    def _add(self, row: QueueRow, ruling: Ruling) -> None:
        request = prepare_ruling(row.task.id, ruling, self._verdict_words, plain=self.plain)
        decision = Decision(ruling.verdict, ruling.value)
        number = self._session.add(ClaimedTask(row.task), decision, request)
        self.ruled[row.task.id] = Ruled(number, ruling, SendState.ON_DESK)

    def undo(self, *, show: bool = True) -> tuple[DeskTask, Ruling] | None:
        """Takes back the last ruling if it has not left the desk; with `show` its case is current again."""
        answer = self._session.withdraw_last()
        if answer is None:
            self.changed()
            return None
        task = answer.held.task
        undone = self.ruled.pop(task.id)
        if show:
            self._move_to(self.queue.find(task.id))
        self._wake.set()
        self.changed()
        return task, undone.ruling

    def _latest(self) -> list[DeskTask]:
        return [case.task for case in self._cases.values()][-AHEAD:]

    # --- behind the screens ----------------------------------------------------------------------------

    def changed(self) -> None:
        """Derives the state anew, and calls the listeners."""
        self._session.refresh()
        self.state = self._derive_state()
        self._listeners.emit()

    async def _server(self) -> ReviewServer:
        return cast(ReviewServer, await self._session.connector.server())

    def _restore(self) -> None:
        """Takes over rulings of an earlier run that have not reached the server."""
        for row in self._session.outbox.history(self._address, unsettled=True):
            if row.kind is not RequestKind.SUBMISSION:
                ruling = Ruling(row.decision.verdict, row.decision.corrected_value)
                self.ruled.setdefault(row.task_id, Ruled(row.id, ruling, row.state, row.detail))

    async def _connect(self) -> None:
        connector, tasks = self._session.connector, self._session.tasks
        await connector.connect()
        await connector.discover_capabilities()
        self._discovered = True
        tasks.start("pages", self.queue.run)
        tasks.start("cases", self._fetch_cases)
        tasks.start("progress", self._fetch_progress)
        if await connector.rediscover_capabilities():
            self._cases.clear()
            self.queue.reload()
            self._wake.set()
            self.changed()

    async def _fetch_progress(self) -> None:
        self._progress = await self._session.connector.progress(self._campaign_id)
        self.changed()

    async def _fetch_cases(self) -> None:
        """Keeps the current case and the next ones loaded."""
        while True:
            self._wake.clear()
            row = next(iter(self._missing()), None)
            if row is None:
                await wait_for(self._wake, None, self._clock)
                continue
            await self._fetch_case(row)

    def _missing(self) -> list[QueueRow]:
        rows, index = [], self.at if self._task_id else self._looked_at
        if self.queue.row(index) is None:
            index = self._following(None)
        for _ in range(AHEAD):
            row = self.queue.row(index)
            if row is None:
                break
            rows.append(row)
            index = self._following(index)
        names = self.names and not self.plain
        return [row for row in rows if row.task.id not in self._unreadable and not self._loaded(row, names)]

    def _loaded(self, row: QueueRow, names: bool) -> bool:
        case = self._cases.get(row.task.id)
        return case is not None and case.names == names

    async def _fetch_case(self, row: QueueRow) -> None:
        server, names = await self._server(), (self.names and not self.plain)
        try:
            async with self._session.connection.request_slot() as slot:
                case = await server.case(row, names)
            self._session.connection.clear(slot)
        except GonogoClientError as error:
            if not is_trouble(error):
                self._unreadable[row.task.id] = error
            self.changed()
            return
        if row.task.id not in self._cases:
            self.pictures.add(row.task)
        self._cases[row.task.id] = case
        for old in list(self._cases)[: max(0, len(self._cases) - KEPT_CASES)]:
            del self._cases[old]
        self.changed()

    def _following(self, index: int | None) -> int | None:
        """Returns the next row after `index` (`None`: from the top) without a ruling; wraps round to the top."""
        following = self.queue.next_open(-1 if index is None else index, self.waits)
        if following is None and index is not None:
            following = self.queue.next_open(-1, lambda row: self.waits(row) and self.queue.find(row.task.id) != index)
        return following

    def waits(self, row: QueueRow) -> bool:
        """Whether a row still asks for a ruling."""
        return row.task.id not in self.ruled and not row.adjudicated and row.task.id not in self._unreadable

    def _on_state(self, row: OutboxRow, state: SendState, detail: str) -> None:
        self._mark({row.id}, state, detail)
        if state is SendState.PARKED and row.task_id in self.ruled:
            self._cases.pop(
                row.task_id, None
            )  # fetched again: the ruling that stands there now is shown beside this one
            self._wake.set()
        self.changed()

    def _mark(self, numbers: set[int], state: SendState, detail: str = "") -> None:
        for task_id, ruled in self.ruled.items():
            if ruled.number in numbers:
                self.ruled[task_id] = replace(ruled, state=state, detail=detail)

    # --- messages --------------------------------------------------------------------------------------

    def _derive_state(self) -> SessionState:
        counts = self._session.counts
        stage, (message, next_step) = self._stage(counts.unsent)
        done = sum(not ruled.refused for ruled in self.ruled.values())
        ahead = sum(self.waits(case.row) for case in self._cases.values())
        return SessionState(
            stage=stage,
            campaign_name=self._progress.campaign_name if self._progress else "",
            done=done,
            total=self.queue.total,
            ahead=max(0, ahead - (self.current is not None)),
            unsent=counts.unsent,
            parked=sum(ruled.refused for ruled in self.ruled.values()),
            can_undo=bool(self._session.undo.answers),
            message=message,
            next_step=next_step,
            retry_in=self._session.connection.retry_in,
        )

    def _stage(self, unsent: int) -> tuple[Stage, tuple[str, str]]:
        outage = self._session.connection.trouble
        if outage is not None and outage.signed_out:
            return Stage.SIGNED_OUT, messages.signed_out(outage, unsent)
        message = messages.offline(outage, unsent) if outage is not None else self._session.message
        if self.current is not None:
            return Stage.TASK, message
        if outage is not None:
            return Stage.OFFLINE, message
        if self.queue.refused is not None:
            return Stage.REFUSED, messages.refused(self.queue.refused)
        if self.unreadable is not None:
            return Stage.REFUSED, (str(self.unreadable), self.unreadable.next_step)
        if self.queue.complete and self._following(None) is None:
            return Stage.DRAINED, message
        return Stage.LOADING, message

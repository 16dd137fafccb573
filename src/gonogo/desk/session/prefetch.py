"""Task prefetcher: claims tasks before they are needed, renews their leases during work, and releases them at the end.

How many depends on how long fetching and deciding take (2 to 5), and on how many claims the server allows. A server
that hands out the same task until it is answered is detected, and from then on asked for one at a time. Where the
campaign asks equal values together, pages are claimed, as large as the terminal can show. While the
server is away all tasks ahead stay, whatever becomes of their leases: an answer that comes late is never thrown away.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

from gonogo.client.errors import AuthenticationError, GonogoClientError
from gonogo.desk.connection.circuit_breaker import ServerConnection, is_trouble
from gonogo.desk.connection.server_protocol import TaskServer
from gonogo.desk.core.clock import Clock, wait_for
from gonogo.desk.core.models import ClaimedTask
from gonogo.desk.session.claim_limits import ClaimLimits
from gonogo.desk.session.prefetch_host import PrefetchHost
from gonogo.desk.session.running_instances import RunningInstances

LEAST_AHEAD = 2
RESERVE_SECONDS = 10.0
"""Work that should be ahead beyond the time of fetching and drawing: a short outage is then not felt."""
POLL_SECONDS = 15.0
"""Pause before an empty queue is asked again; with work on the desk, twice as long."""
TICK_SECONDS = 5.0
SAME_KEY_SECONDS = 60.0
"""A claim whose response was lost is repeated under the same key this long; then it is another claim."""
WINDOW_SECONDS = 2.0
"""Pause before the queue is asked again for a task that another window has left."""
AWAY_SECONDS = 1800.0
"""After so long without a key claims are no longer renewed: others want to work too."""


class TaskPrefetcher:
    """Prefetcher that keeps `ahead` filled. `run` and `renew_leases` go on until cancelled."""

    def __init__(
        self,
        campaign_id: str,
        connection: ServerConnection,
        server: Callable[[], Awaitable[TaskServer]],
        clock: Clock,
        host: PrefetchHost,
        *,
        most_ahead: int = 5,
        instances: RunningInstances | None = None,
    ) -> None:
        self.ahead: deque[ClaimedTask] = deque()
        self.limits = ClaimLimits()
        self.extensions = False
        self.exhausted = False
        self.repeating = False
        self.elsewhere = False
        self.refused: GonogoClientError | None = None
        self.grouping = False
        """Whether the campaign asks equal values together."""
        self.page_limit = 1
        """Tasks of a page that the terminal can show."""
        self._max_grouped: int | None = None
        self._campaign_id = campaign_id
        self._connection = connection
        self._server = server
        self._clock = clock
        self._host = host
        self._most_ahead = most_ahead
        self._instances = instances
        self._kick = asyncio.Event()
        self._poll_at = 0.0
        self._key = ("", -math.inf)
        self._fetching = 1.0
        self._drawing = 0.0
        self._deciding = 3.0

    # --- the desk's side -----------------------------------------------------------------------------

    def pop(self) -> ClaimedTask | None:
        """Removes and returns the next task, if one is ahead; its place is filled.

        One whose claim has expired is skipped, unless the server is away and there can be no other.
        """
        self._kick.set()
        now = self._clock.boot()
        while self.ahead:
            held = self.ahead.popleft()
            if self._away or held.expires_at is None or held.expires_at > now:
                return held
        return None

    def pop_page(self, page: str) -> list[ClaimedTask]:
        """Removes and returns the tasks of the page at the front; none without a page."""
        rest: list[ClaimedTask] = []
        while page and self.ahead and self.ahead[0].page == page:
            rest.append(self.ahead.popleft())
        return rest

    def push_front(self, held: ClaimedTask) -> None:
        """Puts a task back ahead of all others."""
        self.ahead.appendleft(held)

    def put_off(self, held: ClaimedTask) -> None:
        """Puts a task behind all others that are ahead."""
        self.ahead.append(held)

    def restore(self, tasks: Iterable[ClaimedTask]) -> None:
        """Puts tasks of the last run ahead."""
        self.ahead.extend(tasks)

    def record_decision_time(self, seconds: float) -> None:
        """Records how long a decision took; the depth follows."""
        self._deciding += 0.3 * (min(seconds, 60.0) - self._deciding)

    def record_drawing_time(self, seconds: float, *, at_most: bool) -> None:
        """Records how long a picture took; `at_most`: it was ready before it was asked for."""
        took = min(seconds, self._drawing) if at_most else seconds
        self._drawing += 0.3 * (min(took, 60.0) - self._drawing)

    def delivered(self) -> None:
        """Asks for more: the server has an answer, so a claim is free."""
        self.limits.delivered()
        self.repeating = False
        self._kick.set()

    def poll_now(self) -> None:
        """Asks the queue again at once."""
        self.exhausted = self.repeating = False
        self.refused, self._poll_at = None, 0.0
        self._kick.set()

    def use_capabilities(self, server: TaskServer) -> None:
        """Takes over what the server can do."""
        self.extensions, self._max_grouped = server.extensions, server.max_grouped
        if server.max_held is not None:
            self.limits.most, self.limits.stated = server.max_held, True

    @property
    def full(self) -> bool:
        """Whether no further task can be claimed before an answer has been delivered."""
        return len(self.ahead) + self._host.occupied() + self._page_limit > self.share

    @property
    def share(self) -> int:
        """Tasks this window may hold: the server's limit for one person, divided among the windows."""
        others = self._instances.others if self._instances else 0
        held = self.limits.held if self._most_grouped is None else self._most_grouped
        return max(self._page_limit, held // (1 + others))

    @property
    def _most_grouped(self) -> int | None:
        """Claims that may be held on pages; `None` where tasks are claimed one by one."""
        return self._max_grouped if self.grouping else None

    @property
    def _page_limit(self) -> int:
        return 1 if self._most_grouped is None else max(1, self.page_limit)

    @property
    def starved(self) -> bool:
        """Whether it is full with fewer tasks ahead than there should be."""
        return self.full and len(self.ahead) < min(LEAST_AHEAD, self._most_ahead)

    @property
    def waiting(self) -> bool:
        """Whether the server has nothing for us now."""
        return self.exhausted or self.repeating or self.refused is not None

    @property
    def depth(self) -> int:
        """Number of tasks to hold ahead: enough work, at the recent pace, for fetching, drawing and a short outage."""
        seconds = self._fetching + self._drawing + RESERVE_SECONDS
        needed = math.ceil(seconds / max(self._deciding, 0.05)) + 1
        return max(min(LEAST_AHEAD, self._most_ahead), min(needed, self._most_ahead))

    @property
    def _away(self) -> bool:
        """Whether the server can't be reached now."""
        return self._connection.trouble is not None

    # --- fetching ------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Claims tasks while fewer are ahead than needed."""
        while True:
            self._kick.clear()
            if not self._more_needed():
                await wait_for(self._kick, self._pause(), self._clock)
                continue
            server = await self._server()
            try:
                await self._fetch(server)
            except GonogoClientError as error:
                self._failed(error)

    def _more_needed(self) -> bool:
        if self.waiting and self._clock.monotonic() < self._poll_at:
            return False
        pages = {held.page for held in self.ahead if held.page}
        n_ahead = len(pages) + sum(not held.page for held in self.ahead)
        return n_ahead < (min(self.depth, LEAST_AHEAD) if pages else self.depth) and not self.full

    def _pause(self) -> float | None:
        if self.waiting:
            return max(0.1, self._poll_at - self._clock.monotonic())
        return None

    async def _fetch(self, server: TaskServer) -> None:
        async with self._connection.request_slot() as slot:
            started = self._clock.monotonic()
            if started - self._key[1] > SAME_KEY_SECONDS:
                self._key = (str(uuid.uuid4()), started)
            claimed = await self._claim(server, self._key[0])
        self._connection.clear(slot)
        self._key = ("", -math.inf)
        self.refused = None
        self._fetching += 0.3 * (self._clock.monotonic() - started - self._fetching)
        if not claimed:
            self.exhausted = True
            self._poll_later()
        accepted = [held for held in (self._dated(held, held.lease) for held in claimed) if self._accept(held)]
        for held in accepted:  # a page is shown as a whole
            self._host.on_prefetched(held)
        self._host.changed()

    async def _claim(self, server: TaskServer, key: str) -> list[ClaimedTask]:
        if self._most_grouped is not None:
            return await server.next_group(self._campaign_id, self._page_limit, key)
        claimed = await server.next_task(self._campaign_id, key)
        return [] if claimed is None else [claimed]

    def _accept(self, held: ClaimedTask) -> bool:
        """Puts a claimed task ahead; false where it is there already, or no use."""
        task = held.task
        if self._confirms(held):
            return False
        if self._instances is not None and not self._instances.reserve(task.id):
            self.elsewhere = self.repeating = True
            self._poll_at = self._clock.monotonic() + WINDOW_SECONDS
            return False
        self.elsewhere = False
        known = [*self.ahead, *self._host.in_hand()]
        if any(other.task.id == task.id for other in known) or self._host.answered(task.id):
            self.limits.repeated(len(self.ahead) + self._host.occupied())
            self.repeating = True
            self._poll_later()
            return False
        self.exhausted = self.repeating = False
        self.ahead.append(held)
        return True

    def _confirms(self, held: ClaimedTask) -> bool:
        """Takes `held` over, and returns true, if it is a task restored from the last run that is claimed again now."""
        for place, other in enumerate(self.ahead):
            if other.task.id == held.task.id and not other.claimed:
                self.ahead[place] = replace(held, page=other.page)
                return True
        for other in self._host.in_hand():
            if other.task.id == held.task.id and not other.claimed:
                self._host.on_renewed(other, replace(held, page=other.page))
                return True
        return False

    def _failed(self, error: GonogoClientError) -> None:
        if is_trouble(error):
            if isinstance(error, AuthenticationError):
                self._key = ("", -math.inf)
            return
        self._key = ("", -math.inf)
        self.refused = error
        self._poll_later()
        self._host.changed()

    def _poll_later(self) -> None:
        pause = POLL_SECONDS * (2 if self._host.in_hand() else 1)
        self._poll_at = self._clock.monotonic() + pause

    def _dated(self, held: ClaimedTask, lease: float | None) -> ClaimedTask:
        expires_at = self._clock.boot() + lease if lease is not None else None
        return replace(held, expires_at=expires_at, lease=lease, claimed=True)

    # --- leases --------------------------------------------------------------------------------------

    async def confirm_restored(self) -> None:
        """Renews the claims of the last run, before others are claimed."""
        server = await self._server()
        for held in [*self._host.in_hand(), *self.ahead]:
            if not held.claimed:
                await self._renew(server, held)

    async def renew_leases(self) -> None:
        """Renews each claim after a third of its lease, and drops expired ones (also after the machine slept)."""
        while True:
            self._drop_expired()
            if self.extensions and not self._away and self._person_present():
                server = await self._server()
                await self._share_with_windows(server)
                for held in [*self._host.in_hand(), *self.ahead]:
                    if self._renewal_due(held):
                        await self._renew(server, held)
            await self._clock.sleep(TICK_SECONDS)

    async def _share_with_windows(self, server: TaskServer) -> None:
        """Releases the tasks ahead that are the share of this person's other windows."""
        shared = self._instances is not None and self._instances.others
        while shared and self.ahead and len(self.ahead) + self._host.occupied() > self.share:
            surplus = self.ahead.pop()
            self._host.changed()
            with contextlib.suppress(GonogoClientError):  # its lease expires by itself
                await server.release(surplus.task.id)

    def _person_present(self) -> bool:
        return self._clock.monotonic() - self._host.last_key() < AWAY_SECONDS

    def _renewal_due(self, held: ClaimedTask) -> bool:
        if not held.claimed:
            return True
        if held.expires_at is None or held.lease is None:
            return False
        return self._clock.boot() >= held.expires_at - held.lease * 2 / 3

    async def _renew(self, server: TaskServer, held: ClaimedTask) -> None:
        try:
            async with self._connection.request_slot() as slot:
                status = await server.renew(held.task.id)
            self._connection.clear(slot)
        except GonogoClientError as error:
            if is_trouble(error):
                return
            self._drop(held)
            return
        if status.held:
            self._replace(held, self._dated(held, status.expires_in))
        else:
            self._drop(held)

    def _replace(self, old: ClaimedTask, new: ClaimedTask) -> None:
        for place, other in enumerate(self.ahead):
            if other is old:
                self.ahead[place] = new
                return
        self._host.on_renewed(old, new)

    def _drop(self, held: ClaimedTask) -> None:
        if any(other is held for other in self.ahead):
            self.ahead = deque(other for other in self.ahead if other is not held)
            self._kick.set()
            self._host.changed()
        else:
            self._host.on_lost(held)

    def _drop_expired(self) -> None:
        """Drops tasks ahead whose claim has expired, because others may have them; not those that can be renewed, and
        none while the server is away.
        """
        if self.extensions or self._away:
            return
        now = self._clock.boot()
        for held in [held for held in self.ahead if held.expires_at is not None and held.expires_at <= now]:
            self._drop(held)

    async def release_all(self, in_hand: Iterable[ClaimedTask], *, ahead: bool = True) -> None:
        """Releases these claims, and those `ahead`, so that others need not wait until the leases expire."""
        server = await self._server()
        for held in [*in_hand, *(self.ahead if ahead else ())]:
            try:
                await server.release(held.task.id)
            except GonogoClientError:
                return  # the leases expire by themselves

"""The tasks ahead: claimed before they are needed, kept while somebody works, given back at the end.

How many depends on how long fetching and deciding take (2 to 5), and on how many the server lets one hold. A server
that hands out the same task until it is answered is noticed, and from then on asked for one at a time.
"""

from __future__ import annotations

import asyncio
import math
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from gonogo.client.errors import AuthenticationError, GonogoClientError
from gonogo.desk.connection.circuit import ServerConnection, is_trouble
from gonogo.desk.connection.protocol import TaskServer
from gonogo.desk.core.clock import Clock, wait_for
from gonogo.desk.core.models import DeskTask
from gonogo.desk.session.instances import RunningInstances

LEAST_AHEAD = 2
POLL_SECONDS = 15.0
"""How often an empty queue is asked again; with work on the desk, twice as long."""
TICK_SECONDS = 5.0
SAME_KEY_SECONDS = 60.0
"""A claim whose answer was lost is asked for again under the same key this long; then it is another claim."""
WINDOW_SECONDS = 2.0
"""How often to look whether another window has left a task for this one."""
AWAY_SECONDS = 1800.0
"""After so long without a key claims are no longer renewed: others want to work too."""
GROW_EVERY = 10
"""Deliveries after which a limit learned from a repeated task is tried again."""


@dataclass(frozen=True, slots=True)
class ClaimedTask:
    """A task claimed for this desk. `expires_at` is on the boot clock; `lease` is its whole length in seconds.

    `claimed` is false for one remembered from the last run until the server has said that it is still ours.
    `again` is the number of the refused answer that this question is asked again for; then there is no claim.
    """

    task: DeskTask
    expires_at: float | None = None
    lease: float | None = None
    claimed: bool = True
    again: int = 0


@dataclass(slots=True)
class PrefetchLimits:
    """How many tasks may be held at once. `most` is what the server says, `learned` what it was seen to do."""

    most: int = 5
    stated: bool = False
    learned: int | None = None
    since: int = 0

    @property
    def held(self) -> int:
        return min(self.most, self.learned) if self.learned else self.most

    @property
    def one_at_a_time(self) -> bool:
        return self.held <= 1

    def repeated(self, held: int) -> None:
        """The server handed out a task that is held already, while `held` were held."""
        if not self.stated:
            self.learned, self.since = max(1, min(held, self.most)), 0

    def delivered(self) -> None:
        self.since += 1
        if self.learned and self.since >= GROW_EVERY:
            self.learned, self.since = (self.learned + 1 if self.learned < self.most else None), 0


class PrefetchHost(Protocol):
    """What the stream must know of the rest of the desk."""

    def in_hand(self) -> list[ClaimedTask]:
        """The current task and those whose answers can still be taken back."""
        ...

    def occupied(self) -> int:
        """How many claims the server counts beside the tasks ahead: the current one and all unsent answers."""
        ...

    def answered(self, task_id: str) -> bool:
        """Whether an answer to the task lies in the outbox (or was delivered a moment ago)."""
        ...

    def last_key(self) -> float:
        """When the person last pressed a key, on the monotonic clock."""
        ...

    def arrived(self, held: ClaimedTask) -> None:
        """A task was put ahead: its picture can be made."""
        ...

    def renewed(self, old: ClaimedTask, new: ClaimedTask) -> None:
        """A task in hand has a new lease."""
        ...

    def lost(self, held: ClaimedTask) -> None:
        """The server says that this task, now in hand, is not claimed for us any more."""
        ...

    def changed(self) -> None: ...


class TaskPrefetcher:
    """Keeps `ahead` filled. `run` and `tend` go on until cancelled."""

    def __init__(
        self,
        campaign_id: str,
        line: ServerConnection,
        claims: Callable[[], Awaitable[TaskServer]],
        clock: Clock,
        desk: PrefetchHost,
        *,
        most_ahead: int = 5,
        windows: RunningInstances | None = None,
    ) -> None:
        self.ahead: deque[ClaimedTask] = deque()
        self.limits = PrefetchLimits()
        self.extensions = False
        self.exhausted = False
        self.repeating = False
        self.elsewhere = False
        self.refused: GonogoClientError | None = None
        self._campaign_id = campaign_id
        self._line = line
        self._claims = claims
        self._clock = clock
        self._desk = desk
        self._most_ahead = most_ahead
        self._windows = windows
        self._kick = asyncio.Event()
        self._poll_at = 0.0
        self._key = ("", -math.inf)
        self._fetching = 1.0
        self._drawing = 0.0
        self._deciding = 3.0

    # --- the desk's side -----------------------------------------------------------------------------

    def take(self) -> ClaimedTask | None:
        """The next task whose claim has not run out, if one is ahead; the place it leaves is filled."""
        self._kick.set()
        now = self._clock.boot()
        while self.ahead:
            held = self.ahead.popleft()
            if held.expires_at is None or held.expires_at > now:
                return held
        return None

    def put_back(self, held: ClaimedTask) -> None:
        self.ahead.appendleft(held)

    def restore(self, tasks: Iterable[ClaimedTask]) -> None:
        """Tasks remembered from the last run."""
        self.ahead.extend(tasks)

    def decided(self, seconds: float) -> None:
        """A decision took this long; the depth follows."""
        self._deciding += 0.3 * (min(seconds, 60.0) - self._deciding)

    def drawn(self, seconds: float, *, at_most: bool) -> None:
        """A picture was there so long after its task had come; `at_most`: it was there before anybody looked."""
        took = min(seconds, self._drawing) if at_most else seconds
        self._drawing += 0.3 * (min(took, 60.0) - self._drawing)

    def delivered(self) -> None:
        """The server has an answer: a claim is free, and there may be more."""
        self.limits.delivered()
        self.repeating = False
        self._kick.set()

    def look_now(self) -> None:
        """Ask the queue again at once."""
        self.exhausted = self.repeating = False
        self.refused, self._poll_at = None, 0.0
        self._kick.set()

    def served_by(self, remote: TaskServer) -> None:
        """What the server can do is known."""
        self.extensions = remote.extensions
        if remote.max_held is not None:
            self.limits.most, self.limits.stated = remote.max_held, True

    @property
    def full(self) -> bool:
        """No further task can be claimed before an answer has been delivered."""
        return len(self.ahead) + self._desk.occupied() >= self.share

    @property
    def share(self) -> int:
        """How many tasks this window may hold: what the server allows one person, divided among the windows."""
        others = self._windows.others if self._windows else 0
        return max(1, self.limits.held // (1 + others))

    @property
    def starved(self) -> bool:
        """Full, with less ahead than there should be."""
        return self.full and len(self.ahead) < min(LEAST_AHEAD, self._most_ahead)

    @property
    def waiting(self) -> bool:
        """The server has nothing for us now."""
        return self.exhausted or self.repeating or self.refused is not None

    @property
    def depth(self) -> int:
        """Tasks wanted ahead: the next must be there when fetching and drawing take as long as they lately did."""
        wanted = math.ceil((self._fetching + self._drawing) / max(self._deciding, 0.05)) + 1
        return max(min(LEAST_AHEAD, self._most_ahead), min(wanted, self._most_ahead))

    # --- fetching ------------------------------------------------------------------------------------

    async def run(self) -> None:
        while True:
            self._kick.clear()
            if not self._wants():
                await wait_for(self._kick, self._rest(), self._clock)
                continue
            claims = await self._claims()
            try:
                await self._fetch(claims)
            except GonogoClientError as error:
                self._failed(error)

    def _wants(self) -> bool:
        if self.waiting and self._clock.monotonic() < self._poll_at:
            return False
        return len(self.ahead) < self.depth and not self.full

    def _rest(self) -> float | None:
        if self.waiting:
            return max(0.1, self._poll_at - self._clock.monotonic())
        return None

    async def _fetch(self, claims: TaskServer) -> None:
        async with self._line.turn():
            started = self._clock.monotonic()
            if started - self._key[1] > SAME_KEY_SECONDS:
                self._key = (str(uuid.uuid4()), started)
            served = await claims.next_task(self._campaign_id, self._key[0])
        self._line.clear()
        self._key = ("", -math.inf)
        self.refused = None
        self._fetching += 0.3 * (self._clock.monotonic() - started - self._fetching)
        if served.task is None:
            self.exhausted = True
            self._later()
        else:
            self._take_in(served.task, served.expires_in)
        self._desk.changed()

    def _take_in(self, task: DeskTask, expires_in: float | None) -> None:
        held = self._held(task, expires_in)
        if self._confirmed(held):
            return
        if self._windows is not None and not self._windows.take(task.id):
            self.elsewhere = self.repeating = True
            self._poll_at = self._clock.monotonic() + WINDOW_SECONDS
            return
        self.elsewhere = False
        known = [*self.ahead, *self._desk.in_hand()]
        if any(one.task.id == task.id for one in known) or self._desk.answered(task.id):
            self.limits.repeated(len(self.ahead) + self._desk.occupied())
            self.repeating = True
            self._later()
            return
        self.exhausted = self.repeating = False
        self.ahead.append(held)
        self._desk.arrived(held)

    def _confirmed(self, held: ClaimedTask) -> bool:
        """Whether this is a task remembered from the last run, which is now claimed again."""
        for place, one in enumerate(self.ahead):
            if one.task.id == held.task.id and not one.claimed:
                self.ahead[place] = held
                return True
        for one in self._desk.in_hand():
            if one.task.id == held.task.id and not one.claimed:
                self._desk.renewed(one, held)
                return True
        return False

    def _failed(self, error: GonogoClientError) -> None:
        if is_trouble(error):
            if isinstance(error, AuthenticationError):
                self._key = ("", -math.inf)
            return
        self._key = ("", -math.inf)
        self.refused = error
        self._later()
        self._desk.changed()

    def _later(self) -> None:
        pause = POLL_SECONDS * (2 if self._desk.in_hand() else 1)
        self._poll_at = self._clock.monotonic() + pause

    def _held(self, task: DeskTask, expires_in: float | None) -> ClaimedTask:
        return ClaimedTask(task, self._clock.boot() + expires_in if expires_in is not None else None, expires_in)

    # --- keeping -------------------------------------------------------------------------------------

    async def confirm(self) -> None:
        """Ask whether the tasks remembered from the last run are still ours, before others are claimed."""
        claims = await self._claims()
        for held in [*self._desk.in_hand(), *self.ahead]:
            if not held.claimed:
                await self._renew(claims, held)

    async def tend(self) -> None:
        """Renew what is held every third of its lease, and let go of what ran out (also after the machine slept)."""
        while True:
            self._drop_expired()
            if self.extensions and self._line.trouble is None and self._somebody_there():
                claims = await self._claims()
                for held in [*self._desk.in_hand(), *self.ahead]:
                    if self._due(held):
                        await self._renew(claims, held)
            await self._clock.sleep(TICK_SECONDS)

    def _somebody_there(self) -> bool:
        return self._clock.monotonic() - self._desk.last_key() < AWAY_SECONDS

    def _due(self, held: ClaimedTask) -> bool:
        if not held.claimed:
            return True
        if held.expires_at is None or held.lease is None:
            return False
        return self._clock.boot() >= held.expires_at - held.lease * 2 / 3

    async def _renew(self, claims: TaskServer, held: ClaimedTask) -> None:
        try:
            async with self._line.turn():
                state = await claims.renew(held.task.id)
            self._line.clear()
        except GonogoClientError as error:
            if is_trouble(error):
                return
            self._let_go(held)
            return
        if state.held:
            self._replace(held, self._held(held.task, state.expires_in))
        else:
            self._let_go(held)

    def _replace(self, old: ClaimedTask, new: ClaimedTask) -> None:
        for place, one in enumerate(self.ahead):
            if one is old:
                self.ahead[place] = new
                return
        self._desk.renewed(old, new)

    def _let_go(self, held: ClaimedTask) -> None:
        if any(one is held for one in self.ahead):
            self.ahead = deque(one for one in self.ahead if one is not held)
            self._kick.set()
            self._desk.changed()
        else:
            self._desk.lost(held)

    def _drop_expired(self) -> None:
        """Tasks ahead whose claim ran out are somebody else's by now; unless they can still be renewed."""
        now = self._clock.boot()
        stale = [one for one in self.ahead if one.expires_at is not None and one.expires_at <= now]
        if stale and not (self.extensions and self._line.trouble is None):
            for one in stale:
                self._let_go(one)

    async def give_back(self, in_hand: Iterable[ClaimedTask]) -> None:
        """Release every claim, so that others need not wait for the leases to run out."""
        claims = await self._claims()
        for held in [*in_hand, *self.ahead]:
            try:
                await claims.release(held.task.id)
            except GonogoClientError:
                return  # the leases run out by themselves

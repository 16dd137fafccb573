"""Worker of webhooks: the background task of a server that makes deliveries and sends them.

One process of all holds the lease. It reads in threads. Each endpoint has a lane of its own, so that one that is slow
or down holds up no other.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Final, Protocol, TypeVar

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from gonogo.network import NetworkOptionsError, tls_context
from gonogo.server.errors import DATABASE_AWAY, lost_race
from gonogo.server.settings import ServerSettings
from gonogo.server.store.dialects import dialect_of
from gonogo.server.store.engine import Store
from gonogo.server.store.group_commit import GroupCommit
from gonogo.server.store.ids import new_id
from gonogo.server.store.observers import observers
from gonogo.server.store.schema import webhooks
from gonogo.server.webhooks import changes, lease
from gonogo.server.webhooks.deliveries import DueRow, read_due, record_tries
from gonogo.server.webhooks.destination import CheckedUrl, DestinationError, resolve_destination
from gonogo.server.webhooks.endpoints import (
    EndpointRow,
    disable,
    read_sendable,
    read_sendable_one,
    store_health,
)
from gonogo.server.webhooks.retries import DISABLED_AFTER, after_tries, is_hopeless
from gonogo.server.webhooks.secrets import SecretChangedError, unseal
from gonogo.server.webhooks.sending import CONNECTIONS, GONE, MESSAGES_PER_SECOND, EndpointConnection, Pacer, TryResult
from gonogo.server.webhooks.signatures import signed_headers

log = logging.getLogger("gonogo.server")
BATCH: Final = 8 * CONNECTIONS
"""Deliveries of an endpoint between two writes of what became of them."""
STOP_SECONDS: Final = 2.0
"""Time that running requests have when the server stops; unfinished ones are sent again after a restart."""
ROUNDS_AFTER_ERROR: Final = 5
"""Rounds that the worker waits when the database is away, or something else failed."""
Try = tuple[DueRow, TryResult]
T = TypeVar("T")


class SendingState(Protocol):
    """Parts of the app that the worker uses."""

    store: Store
    settings: ServerSettings
    group_commit: GroupCommit
    rng: Random

    def clock(self) -> datetime: ...


@contextlib.asynccontextmanager
async def run_here(state: SendingState, seconds: float) -> AsyncIterator[None]:
    """Sends in this process until the block ends."""
    worker, stop = WebhookWorker(state), asyncio.Event()
    task = asyncio.create_task(look_for_changes(worker, stop, seconds))
    try:
        yield
    finally:
        stop.set()
        await task
        await worker.aclose()


async def look_for_changes(worker: WebhookWorker, stop: asyncio.Event, seconds: float) -> None:
    """Takes the worker's steps, with a pause where nothing is to be done, until `stop` is set."""
    pause = seconds
    while not stop.is_set():
        if pause:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
        if stop.is_set():
            return
        try:
            is_busy = await worker.step()
            pause = 0.0 if is_busy else seconds
        except DATABASE_AWAY:
            pause = seconds * ROUNDS_AFTER_ERROR
            log.warning("webhooks: the database is away; tried again later")
        except Exception:
            pause = seconds * ROUNDS_AFTER_ERROR
            log.exception("webhooks failed; tried again later")


class WebhookWorker:
    """Worker of one process."""

    def __init__(self, state: SendingState, holder: str | None = None) -> None:
        """`holder` is the name under which the lease is held; by default a new one."""
        self._state = state
        self.holder = holder or new_id()
        self._lease_until: datetime | None = None
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._context: ssl.SSLContext | None = None
        self._pacer = Pacer(MESSAGES_PER_SECOND)

    @property
    def has_lease(self) -> bool:
        return self._lease_until is not None and self._state.clock() < self._lease_until

    async def step(self) -> bool:
        """Makes deliveries of what changed, and starts a lane for each endpoint with something due.

        Returns whether there may be more at once. Without endpoints, or the lease, it does nothing.
        """
        if not await self.may_send():
            return False
        n_made = await self._make_deliveries()
        for webhook_id in await asyncio.to_thread(self._read, lambda tx: read_sendable(tx, self._state.clock())):
            if webhook_id not in self._lanes:
                self._lanes[webhook_id] = asyncio.create_task(self._run_lane(webhook_id))
        return n_made > 0

    async def may_send(self) -> bool:
        """Whether there are endpoints, and this worker has the lease, which it takes or renews."""
        return await asyncio.to_thread(self._has_endpoints) and await self._keep_lease()

    async def idle(self) -> None:
        """Waits until all lanes have sent what is due."""
        while self._lanes:
            await asyncio.wait(list(self._lanes.values()))

    async def aclose(self) -> None:
        """Ends the lanes, and gives the lease back."""
        self._lease_until, had_lease = None, self._lease_until is not None
        if lanes := list(self._lanes.values()):
            _done, late = await asyncio.wait(lanes, timeout=STOP_SECONDS)
            for lane in late:
                lane.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if had_lease:
            with contextlib.suppress(SQLAlchemyError):
                await self._write(lambda tx: lease.release(tx, self.holder))

    # --- the lease and the outbox ---

    def _has_endpoints(self) -> bool:
        return self._state.store.query_one(_ANY) is not None

    async def _keep_lease(self) -> bool:
        now = self._state.clock()
        if self._lease_until is not None and now < self._lease_until - lease.LEASE / 2 < now + lease.LEASE:
            return True
        self._lease_until = None
        if await asyncio.to_thread(lease.is_held_by_another, self._state.store, self.holder, now):
            return False
        self._lease_until = await self._write(lambda tx: lease.take(tx, self.holder, now))
        return self._lease_until is not None

    async def _make_deliveries(self) -> int:
        store, now = self._state.store, self._state.clock()
        if await asyncio.to_thread(self._read, changes.has_unfollowed):
            await self._write(changes.follow_new_campaigns)
        moves = await asyncio.to_thread(changes.plan, store, now)
        if moves:
            await self._write(lambda tx: changes.store_moves(tx, moves, now))
        return len(moves)

    def _read(self, query: Callable[[Connection], T]) -> T:
        with self._state.store.read() as connection:
            return query(connection)

    async def _write(self, job: Callable[[Connection], T]) -> T:
        """Runs a job in a transaction, and once more if another one was in its way.

        On SQLite by the group commit, because a second writer would hold up the loop; on PostgreSQL in a thread.
        """
        try:
            return await self._committed(job)
        except DBAPIError as error:
            if not lost_race(error):
                raise
            return await self._committed(job)

    async def _committed(self, job: Callable[[Connection], T]) -> T:
        store = self._state.store
        if not dialect_of(store.url).CONCURRENT_WRITERS:
            return await self._state.group_commit.run(job)

        def commit() -> T:
            with store.write() as connection:
                return job(connection)

        return await asyncio.to_thread(commit)

    # --- one endpoint ---

    async def _run_lane(self, webhook_id: str) -> None:
        """Sends what is due, batch by batch, until nothing is, the endpoint has to wait, or the lease has ended."""
        if self._context is None:
            self._context = await asyncio.to_thread(tls_context)
        connection = EndpointConnection(self._context, self._state.settings.webhook_timeout_seconds)
        try:
            while self.has_lease and await self._send_batch(webhook_id, connection):
                pass
        except NetworkOptionsError as error:
            log.error("webhooks: %s", error)
        except DATABASE_AWAY:
            log.warning("webhooks: the database is away; what was sent may be sent again")
        except Exception:
            log.exception("webhooks: sending to endpoint %s failed; tried again later", webhook_id)
        finally:
            del self._lanes[webhook_id]
            await connection.aclose()

    async def _send_batch(self, webhook_id: str, connection: EndpointConnection) -> bool:
        """Sends the deliveries of one batch, at most `CONNECTIONS` at a time; returns whether to go on."""
        batch = await asyncio.to_thread(self._read, lambda tx: _read_batch(tx, webhook_id, self._state.clock()))
        if batch is None or not batch.due:
            return False
        destination = await _destination(batch, self._state.settings)
        limit = asyncio.Semaphore(CONNECTIONS)
        sends = [asyncio.create_task(self._send(item, batch, destination, connection, limit)) for item in batch.due]
        try:
            await asyncio.wait(sends)
        finally:  # also when the server stops: what was sent is not sent again
            for send in sends:
                send.cancel()
            tries = [
                (delivery, send.result())
                for delivery, send in zip(batch.due, sends, strict=True)
                if send.done() and not send.cancelled()
            ]
            await asyncio.shield(self._record(batch.endpoint, tries))
        return True

    async def _send(
        self,
        delivery: DueRow,
        batch: EndpointBatch,
        destination: CheckedUrl | str,
        connection: EndpointConnection,
        limit: asyncio.Semaphore,
    ) -> TryResult:
        if isinstance(destination, str):
            return TryResult(error=destination)
        async with limit:
            await self._pacer.turn()
            body = delivery.body.encode()
            headers = signed_headers(delivery.id, self._state.clock(), body, batch.keys)
            return await connection.post(destination, headers, body)

    async def _record(self, endpoint: EndpointRow, tries: Sequence[Try]) -> None:
        """Stores what became of the tries, and how the endpoint answers."""
        now = self._state.clock()
        n_given_up = await self._write(lambda tx: _record(tx, endpoint, tries, now, self._state.rng))
        n_delivered = sum(result.is_delivered for _delivery, result in tries)
        for observer in observers:
            observer.sent_webhooks(n_delivered, len(tries) - n_delivered, n_given_up)


@dataclass(frozen=True)
class EndpointBatch:
    """Endpoint with the deliveries to try now, and the secrets to sign them with; none if these can't be opened."""

    endpoint: EndpointRow
    due: list[DueRow]
    keys: list[str]


def _read_batch(connection: Connection, webhook_id: str, now: datetime) -> EndpointBatch | None:
    endpoint = read_sendable_one(connection, webhook_id, now)
    if endpoint is None:
        return None
    due = read_due(connection, webhook_id, now, 1 if endpoint.health.is_failing else BATCH)
    sealed = [endpoint.secret]
    if endpoint.old_secret is not None and endpoint.old_secret_until is not None and now < endpoint.old_secret_until:
        sealed.append(endpoint.old_secret)
    keys = []
    for secret in sealed:
        try:
            keys.append(unseal(connection, webhook_id, secret))
        except SecretChangedError:
            break  # without its own secret nothing is sent; an old one that can't be opened is left out
    return EndpointBatch(endpoint, due, keys)


async def _destination(batch: EndpointBatch, settings: ServerSettings) -> CheckedUrl | str:
    """Where the batch goes, or the reason why it can't be sent."""
    if not batch.keys:
        return "its secret can't be opened: give it a new one with `gonogo webhooks rotate`"
    try:
        async with asyncio.timeout(settings.webhook_timeout_seconds):
            return await resolve_destination(batch.endpoint.url, private=settings.webhook_private)
    except DestinationError as error:
        return str(error)
    except TimeoutError:
        return "the look-up of its host's name takes too long"


def _record(connection: Connection, endpoint: EndpointRow, tries: Sequence[Try], now: datetime, rng: Random) -> int:
    results = [result for _delivery, result in tries]
    n_given_up = record_tries(connection, tries, now, rng)
    health = after_tries(endpoint.health, [result.is_delivered for result in results], now, rng)
    errors = [result.error for result in results if result.error is not None]
    error = errors[-1] if errors else None
    if health != endpoint.health or error != endpoint.last_error:
        store_health(connection, endpoint, health, error)
    reason = None
    if any(result.status == GONE for result in results):
        reason = "it answered 410 Gone"
    elif is_hopeless(health, now):
        reason = f"it failed for {DISABLED_AFTER.days} days: {error}"
    if reason is not None and disable(connection, endpoint.id, reason, now):
        log.warning("webhooks: endpoint %s is disabled: %s", endpoint.id, reason)
    return n_given_up


_ANY: Final = select(webhooks.c.id).where(webhooks.c.disabled_at.is_(None)).limit(1)

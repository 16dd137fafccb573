"""Progress stream of a campaign as server-sent events.

All subscribers of a campaign at one worker share one poll of the database, in a thread, twice a second. The poll reads
one number from indexes, the `mark`, which grows with every change in the campaign. Only when it has grown is the
progress report read again, at most at every other poll and for at most a tenth of the time. Without subscribers nothing
is polled. The workers do not talk to each other: each sees in the database what came in through the others.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NotRequired, TypedDict

from fastapi import Request
from sqlalchemy import BindParameter, bindparam, case, func, select

from gonogo.schemas.enums import CampaignStatus, ErrorCode
from gonogo.schemas.lead import CampaignProgress
from gonogo.server.auth import principals
from gonogo.server.errors import DATABASE_AWAY, ApiError, unavailable
from gonogo.server.progress.report import campaign_progress
from gonogo.server.store.compiled_statements import CompiledStatement
from gonogo.server.store.engine import Store
from gonogo.server.store.schema import campaigns, cases, tasks, voters
from gonogo.server.store.typed_rows import fetch_campaign

log = logging.getLogger("gonogo.server")

MAX_TIME_SHARE: Final = 0.1
"""Share of the time that reports of one campaign may take; some have a million tasks."""
RECOUNT_SECONDS: Final = 60.0
"""Longest time between two reports: the pace of a campaign changes by time alone."""


class CloseReason(StrEnum):
    """Reason of a stream's end: `reason` of its last event, `end`."""

    CLOSED = "closed"  # the campaign takes no more answers
    CREDENTIAL = "credential"  # the key or session is void
    STOPPING = "stopping"  # the server: others may go on at once
    UNAVAILABLE = "unavailable"  # the database is away
    GONE = "gone"  # the subscriber; nobody reads this


class StreamEvent(TypedDict):
    """One server-sent event, as `sse_starlette` encodes it."""

    id: NotRequired[str]
    event: NotRequired[str]
    data: NotRequired[str]
    comment: NotRequired[str]


@dataclass(frozen=True)
class ProgressFrame:
    """State of a campaign as JSON; `mark` is the event's id."""

    mark: int
    data: str

    def as_event(self) -> StreamEvent:
        return {"id": str(self.mark), "event": "progress", "data": self.data}


class Subscriber:
    """Subscriber of one open stream; `seen` is the id of the last event received on an earlier one."""

    def __init__(self, feed: CampaignFeed, request: Request, credential: str, seen: str | None) -> None:
        self.feed = feed
        self.request = request
        self.credential = credential
        self.ended: CloseReason | None = None
        self._seen = seen
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Wakes the generator of `events` to look for a new frame or the end."""
        self._woken.set()

    def end(self, reason: CloseReason) -> None:
        """Ends the stream; the first reason counts."""
        self.ended = self.ended or reason
        self.wake()

    async def events(self) -> AsyncIterator[StreamEvent]:
        """The events of the stream. Slow subscribers skip intermediate states but always receive the latest."""
        yield {"comment": "progress of this campaign"}  # at once, or a client can't tell a quiet stream from a held one
        sent: ProgressFrame | None = None
        while True:
            self._woken.clear()
            frame = self.feed.frame
            if frame is not None and frame is not sent:
                if sent is not None or str(frame.mark) != self._seen:
                    yield frame.as_event()
                sent = frame
                continue
            if self.ended is not None:
                yield {"event": "end", "data": f'{{"reason":"{self.ended}"}}'}
                return
            await self._woken.wait()


class CampaignFeed:
    """Feed of one campaign with subscribers: the polling task and the newest state."""

    def __init__(self, store: Store, campaign_id: str, every: float) -> None:
        self._store = store
        self._every = every
        self.campaign_id = campaign_id
        self._stop = asyncio.Event()
        self._mark: int | None = None
        self._sent: CampaignProgress | None = None
        self._taken_at = float("-inf")
        self._took = 0.0
        self.subscribers: set[Subscriber] = set()
        self.frame: ProgressFrame | None = None

    async def run(self) -> None:
        """Polls until nobody subscribes any more or nothing will change.

        A failure ends the streams, so that none falls silent unnoticed.
        """
        try:
            while not self.over:
                await asyncio.to_thread(self._poll, tuple(self.subscribers), asyncio.get_running_loop())
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._every):
                        await self._stop.wait()
        except DATABASE_AWAY:
            log.warning("watching: the database is away")
        except Exception:
            log.exception("watching failed")
        finally:
            self.end(CloseReason.UNAVAILABLE)

    @property
    def over(self) -> bool:
        """True if the feed has ended and takes no more subscribers."""
        return self._stop.is_set()

    def end(self, reason: CloseReason) -> None:
        """Stops polling and ends the streams of all subscribers."""
        self._stop.set()
        for subscriber in self.subscribers:
            subscriber.end(reason)

    # --- in a thread -----------------------------------------------------------------------------------------

    def _poll(self, subscribers: tuple[Subscriber, ...], loop: asyncio.AbstractEventLoop) -> None:
        void = _void_credentials(subscribers)
        for subscriber in subscribers:
            if subscriber.credential in void:
                loop.call_soon_threadsafe(subscriber.end, CloseReason.CREDENTIAL)
        now: datetime = subscribers[0].request.app.state.clock()
        with self._store.report() as connection:
            mark = _MARK.scalar(connection, {"campaign": self.campaign_id, "now": now})
            if mark is None or not self._is_due(mark):  # a replica may not have the campaign yet
                return
            started = time.monotonic()
            campaign = fetch_campaign(connection, self.campaign_id)
            report = campaign_progress(connection, campaign, now)
        self._taken_at = time.monotonic()
        self._took = self._taken_at - started
        self._mark = mark
        frame = self._to_frame(mark, report)
        loop.call_soon_threadsafe(self._publish, frame, campaign.status != CampaignStatus.OPEN)

    def _is_due(self, mark: int) -> bool:
        rest = time.monotonic() - self._taken_at
        moved = mark != self._mark or rest >= RECOUNT_SECONDS
        return moved and rest >= max(1.5 * self._every, self._took / MAX_TIME_SHARE)

    def _to_frame(self, mark: int, report: CampaignProgress) -> ProgressFrame | None:
        """The event of a report; `None` if only its time has changed."""
        timeless = report.model_copy(update={"as_of": None})
        if timeless == self._sent:
            return None
        self._sent = timeless
        return ProgressFrame(mark, report.model_dump_json())

    # --- in the loop -----------------------------------------------------------------------------------------

    def _publish(self, frame: ProgressFrame | None, over: bool) -> None:
        self.frame = frame or self.frame
        for subscriber in self.subscribers:
            subscriber.wake()
        if over:
            self.end(CloseReason.CLOSED)


class ProgressHub:
    """Hub of all feeds at one worker."""

    def __init__(self, store: Store, streams_per_key: int, every: float) -> None:
        """`every` is the time between two polls in seconds, and so how long a void credential can go on watching."""
        self._store = store
        self._most = streams_per_key
        self._every = every
        self._streams: Counter[str] = Counter()
        self._feeds: dict[str, CampaignFeed] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = False

    def join(self, request: Request, credential: str, campaign_id: str, seen: str | None) -> Subscriber:
        """A new stream; its owner must `leave`. `credential` names the key or session (a digest, never the secret).

        Raises 429 `too_many_requests` when it has as many streams open as it may, 503 when the server stops.
        """
        if self._stopped:
            raise unavailable()
        if self._streams[credential] >= self._most:
            raise _too_many_streams(self._most)
        feed = self._feeds.get(campaign_id)
        if feed is None or feed.over:
            feed = self._feeds[campaign_id] = CampaignFeed(self._store, campaign_id, self._every)
        subscriber = Subscriber(feed, request, credential, seen)
        feed.subscribers.add(subscriber)
        self._streams[credential] += 1
        if len(feed.subscribers) == 1:
            self._start(feed)
        return subscriber

    def leave(self, subscriber: Subscriber) -> None:
        """Unsubscribes; the feed ends with its last subscriber."""
        subscriber.feed.subscribers.discard(subscriber)
        if not subscriber.feed.subscribers:
            subscriber.feed.end(CloseReason.GONE)
            if self._feeds.get(subscriber.feed.campaign_id) is subscriber.feed:
                del self._feeds[subscriber.feed.campaign_id]
        self._streams[subscriber.credential] -= 1
        if not self._streams[subscriber.credential]:
            del self._streams[subscriber.credential]

    @property
    def n_streams(self) -> int:
        """Streams that are open."""
        return self._streams.total()

    @property
    def resting(self) -> bool:
        """True if no campaign is polled."""
        return not self._tasks

    def stop(self) -> None:
        """Ends all streams and refuses new ones, before the server waits for its open requests."""
        self._stopped = True
        for feed in self._feeds.values():
            feed.end(CloseReason.STOPPING)

    async def stopped(self) -> None:
        """Stops, and waits until no poll is running."""
        self.stop()
        await asyncio.gather(*self._tasks)

    def _start(self, feed: CampaignFeed) -> None:
        task = asyncio.create_task(feed.run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _void_credentials(subscribers: tuple[Subscriber, ...]) -> set[str]:
    """Credentials of subscribers that are no longer valid."""
    void = set()
    for credential, subscriber in {subscriber.credential: subscriber for subscriber in subscribers}.items():
        try:
            principals.authenticate(subscriber.request.app.state, subscriber.request.headers)
        except ApiError:
            void.add(credential)
    return void


def _too_many_streams(most: int) -> ApiError:
    message = (
        f"This credential has {most} streams open, the most it may have: close one, or ask for the progress from time "
        "to time."
    )
    return ApiError(429, ErrorCode.TOO_MANY_REQUESTS, message, {"limit": most})


_here: BindParameter[str] = bindparam("campaign")
_live = (tasks.c.campaign_id == _here, tasks.c.claim_expires_at > bindparam("now"))
_n_live = select(func.count()).select_from(tasks).where(*_live).scalar_subquery()
_served = select(func.sum(2 * voters.c.n_served + voters.c.n_done)).where(voters.c.campaign_id == _here)
_changes = select(func.max(cases.c.seq)).where(cases.c.campaign_id == _here)
_closed = case(
    (campaigns.c.status == CampaignStatus.OPEN, 0), (campaigns.c.status == CampaignStatus.CLOSED, 1), else_=2
)
# Changes of tasks, claims begun, claims ended (begun less live), answers, and the campaign's own end: none of them
# ever falls, so their sum moves whenever one of them does. (A claim renewed after it ran out takes one back.)
_mark = func.coalesce(_changes.scalar_subquery(), 0) + func.coalesce(_served.scalar_subquery(), 0) - _n_live + _closed
_MARK = CompiledStatement(select(_mark.label("mark")).where(campaigns.c.id == _here))

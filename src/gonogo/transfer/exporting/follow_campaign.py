"""Following export: hands on a record as each task of a campaign settles, until it is closed or all are settled.

Our own server keeps the order in which tasks settle; its progress stream says when to look. Another one is polled by
the published fields, and what was handed on before is known by task, time and verdict. No click in here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Final, TypeVar

from pydantic_core import from_json

from gonogo.client.errors import GonogoClientError
from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.lead_client import LeadClient
from gonogo.client.page_reader import read_all_by_status
from gonogo.client.progress_stream import StreamUnavailableError, has_stream, stream_progress
from gonogo.client.transport.retry import RetryPolicy
from gonogo.schemas.gonogo_api import Capabilities
from gonogo.schemas.labeling import LabelingCampaignPublic
from gonogo.schemas.sanitize import escape_json
from gonogo.schemas.statuses import is_settled, takes_answers
from gonogo.transfer.exporting.followed_file import FollowPosition, SettledKey
from gonogo.transfer.exporting.task_record import task_record

SETTLED_EXPORT: Final = "settled_export"
"""The name of this extension in `Capabilities.extensions`."""
LOOK_EVERY: Final = 0.5
"""Seconds between two looks while tasks settle: the stream tells a change up to a second late, and of a large campaign
only every tenth of the time that its report takes."""
LIVELY_SECONDS: Final = 20.0
"""Time for which looks go on after a change."""
REST_SECONDS: Final = 30.0
"""Seconds between two looks while the stream is silent."""
ASK_EVERY: Final = 5.0
"""Seconds between two looks at a campaign of a server without a stream."""
READ_EVERY: Final = 60.0
"""Longest time between two reads of a plain server's tasks: equal counts may hide that one was reopened."""

WriteLines = Callable[[list[bytes]], None]
"""Takes whole lines, which count as handed on when it returns."""
Say = Callable[[str], None]
T = TypeVar("T")


async def follow_campaign(
    client: LeadClient,
    campaign: LabelingCampaignPublic,
    position: FollowPosition,
    write: WriteLines,
    say: Say,
    *,
    look_every: float = LOOK_EVERY,
    ask_every: float = ASK_EVERY,
) -> None:
    """Writes what settled after `position`, which moves on with each line; `say` gets sentences for the person.

    Raises:
        GonogoClientError: the server refuses, or can't be reached at the start; later it is tried again.
    """
    capabilities = await client.capabilities()
    if not gives_cursors(capabilities):
        say(f"This server doesn't say what settles: we ask every {ask_every:g} s. Lines have no votes and no cursor.")
        await _PlainFollower(client, campaign, position, write, say, ask_every).run()
        return
    watch = _CampaignWatch(client, campaign.id, say, look_every, ask_every)
    watching = asyncio.create_task(watch.run(streams=has_stream(capabilities)))
    tries = _PatientTries(say)
    try:
        while True:
            over = watching.done()  # asked first: what settled before the end is among the lines that are read now
            lines = await tries.call(lambda: client.settled_lines(campaign.id, position.cursor))
            if lines:
                write([escape_json(line.decode()).encode() for line in lines])
                position.cursor = int(from_json(lines[-1])["cursor"])
                watch.note_change()
            elif over:
                watching.result()
                return
            elif lines is not None:
                await watch.wait(watching)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


class _CampaignWatch:
    """Watch of one campaign: `run` ends when its last task has settled or it is closed."""

    def __init__(self, client: LeadClient, campaign_id: str, say: Say, look_every: float, ask_every: float) -> None:
        self._client, self._campaign_id, self._say = client, campaign_id, say
        self._look_every, self._ask_every = look_every, ask_every
        self._changed = asyncio.Event()
        self._live = False
        self._lively_until = 0.0

    async def run(self, *, streams: bool) -> None:
        if streams:
            try:
                await self._follow_stream()
                return
            except StreamUnavailableError as error:
                self._live = False
                self._say(f"{error} We look every {self._look_every:g} s instead.")
        tries = _PatientTries(lambda _sentence: None)  # the reader of the lines says it
        while True:
            now = await tries.call(lambda: self._client.get_campaign(self._campaign_id))
            if now is not None and is_done(now):
                return
            await asyncio.sleep(self._ask_every)

    def note_change(self) -> None:
        """Keeps the looks frequent for a while."""
        self._lively_until = time.monotonic() + LIVELY_SECONDS

    async def wait(self, watching: asyncio.Task[None]) -> None:
        """Waits until it is time to look again; at most until `watching`, the task of `run`, ends."""
        lively = not self._live or time.monotonic() < self._lively_until
        changed = asyncio.create_task(self._changed.wait())
        timeout = self._look_every if lively else REST_SECONDS
        try:
            await asyncio.wait((watching, changed), timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()
        self._changed.clear()

    async def _follow_stream(self) -> None:
        async with aclosing(stream_progress(self._client, self._campaign_id, heard=self._heard)) as changes:
            async for seen in changes:
                self._live = True
                self.note_change()
                self._changed.set()
                if not takes_answers(seen.status) or seen.n_resolved == seen.n_tasks > 0:
                    return

    def _heard(self, error: GonogoClientError | None, _seconds: float) -> None:
        self._live = error is None
        self._changed.set()  # looks go on without the stream


class _PlainFollower:
    """Follower of a campaign on a server that has the published operations alone."""

    def __init__(
        self,
        client: GonogoClient,
        campaign: LabelingCampaignPublic,
        position: FollowPosition,
        write: WriteLines,
        say: Say,
        every: float,
    ) -> None:
        self._client, self._campaign, self._position = client, campaign, position
        self._write, self._every = write, every
        self._tries = _PatientTries(say)

    async def run(self) -> None:
        count: int | None = None
        read_at = float("-inf")
        while True:
            now = await self._tries.call(lambda: self._client.get_campaign(self._campaign.id))
            if now is None:
                continue
            over = is_done(now)
            moved = now.resolved_count is None or now.resolved_count != count
            if moved or over or time.monotonic() - read_at >= READ_EVERY:
                if await self._tries.call(self._read) is None:
                    continue
                count, read_at = now.resolved_count, time.monotonic()
            if over:
                return
            await asyncio.sleep(self._every)

    async def _read(self) -> bool:
        tasks = await read_all_by_status(
            lambda status: (
                lambda limit, cursor: self._client.list_tasks(
                    self._campaign.id, status=status, limit=limit, cursor=cursor
                )
            )
        )
        settled = [task for task in tasks if is_settled(task.status)]
        for task in sorted(settled, key=lambda task: (task.resolved_at or "", task.id)):
            key = SettledKey(task.id, task.resolved_at, task.consensus_verdict)
            if key not in self._position.known:
                self._write([task_record(task, self._campaign)])
                self._position.known.add(key)
        return True


class _PatientTries:
    """Calls that wait out a server which goes away after its first response; one that fails gives `None`."""

    def __init__(self, say: Say, policy: RetryPolicy = RetryPolicy(cap=10.0)) -> None:  # noqa: B008 - frozen
        self._say, self._policy = say, policy
        self._answered = False
        self._failures = 0

    async def call(self, request: Callable[[], Awaitable[T]]) -> T | None:
        try:
            result = await request()
        except GonogoClientError as error:
            if not (self._answered and error.transient):
                raise
            if not self._failures:
                self._say(f"{error} We try again until it is back; no line is lost.")
            await self._policy.sleep(self._policy.backoff(self._failures))
            self._failures += 1
            return None
        if self._failures:
            self._say("Connected again.")
        self._answered, self._failures = True, 0
        return result


def gives_cursors(capabilities: Capabilities | None) -> bool:
    """Returns whether a server of these capabilities keeps the order in which tasks settle."""
    return capabilities is not None and SETTLED_EXPORT in capabilities.extensions


def is_done(now: LabelingCampaignPublic) -> bool:
    """Returns whether nothing more will settle: the campaign is closed, or all of its tasks are settled."""
    return not takes_answers(now.status) or bool(now.task_count and now.resolved_count == now.task_count)

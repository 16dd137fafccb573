"""A crowd of annotators against `gonogo serve`, which is killed and started again meanwhile.

Clients behave as real ones do: every request has an idempotency key and is repeated, the same bytes, until it is
answered. At the end the database is asked what it holds.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select

from gonogo.server.auth import tokens
from gonogo.server.store import audit
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import annotator_accounts, assignments, sessions, submissions, tasks
from tests.server.house import House
from tests.server.live import Lean
from tests.server.web import LABELING

VOTES = 3
GOLD = {"is_gold": True, "gold_answer": "correct"}


def signed_in(house: House, campaign: str, count: int) -> list[str]:
    """Session tokens of as many people, all assigned to the campaign."""
    session_tokens = []
    with house.store.write() as connection:
        for _person in range(count):
            person, assignment, token = new_id(), new_id(), tokens.new_secret("gs")
            who = {"id": person, "org_id": house.lead.org_id, "email": f"{person}@example.com", "created_at": house.now}
            connection.execute(insert(annotator_accounts).values(**who))
            invited = {"id": assignment, "campaign_id": campaign, "annotator_account_id": person, "role": "annotator"}
            connection.execute(insert(assignments).values(**invited, status="active", invited_at=house.now))
            live = {"sha256": tokens.digest(token), "assignment_id": assignment}
            connection.execute(insert(sessions).values(**live, created_at=house.now, seen_at=house.now))
            session_tokens.append(token)
    return session_tokens


UNLIMITED = """
import sys
from gonogo.server.run import bind, run_workers
from gonogo.server.settings import ServerSettings
unlimited = {"requests_per_minute_per_key": None, "requests_per_minute_per_caller": None}
database, port, workers = sys.argv[1:]
listening = bind("127.0.0.1", int(port))
print("listens", flush=True)
run_workers(ServerSettings(database_url=database, **unlimited), listening, int(workers))
"""


class Served:
    """`gonogo serve` on a fixed port; it can be killed with all its workers, and started again."""

    def __init__(self, database: str, workers: int, *, limited: bool = True) -> None:
        """Without limits one caller may send more than the published rate."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._command = [sys.executable, "-m", "gonogo", "serve", "--port", str(self.port), "--workers", str(workers)]
        self._announces = not limited
        if not limited:
            self._command = [sys.executable, "-c", UNLIMITED, database, str(self.port), str(workers)]
        self._environment = {**os.environ, "GONOGO_DATABASE_URL": database}
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the processes. Without limits, requests may be sent at once: they wait for the first worker."""
        nowhere = subprocess.DEVNULL
        output = subprocess.PIPE if self._announces else nowhere
        self._running = subprocess.Popen(
            self._command, env=self._environment, stdout=output, stderr=nowhere, start_new_session=True
        )
        if self._running.stdout is not None:
            with self._running.stdout as lines:
                assert lines.readline() == b"listens\n"

    def kill(self) -> None:
        """SIGKILL to the parent and all workers at once."""
        assert self._running is not None
        os.killpg(self._running.pid, signal.SIGKILL)
        self._running.wait()


@dataclass
class Seen:
    """What the clients were told."""

    statuses: Counter[int] = field(default_factory=Counter)
    served: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


class Client:
    """One annotator: claims, answers, repeats what was not answered."""

    def __init__(self, token: str, port: int, seen: Seen) -> None:
        self._lean = Lean(port, {"authorization": f"Bearer {token}"})
        self._token, self._seen = token, seen
        self._open = False

    async def ask(self, path: str, body: Any = None) -> tuple[int, Any]:
        """The answer, however often it takes; 409 in flight and 429 are waited for."""
        key = {"idempotency-key": str(uuid.uuid4())}
        while True:
            try:
                if not self._open:
                    await self._lean.__aenter__()
                    self._open = True
                status, answer = await self._lean.post(path, body, key)
            except (OSError, asyncio.IncompleteReadError, ValueError, IndexError):
                if self._open:
                    self._lean.drop()
                self._open = False
                await asyncio.sleep(random.uniform(0.02, 0.2))
                continue
            self._seen.statuses[status] += 1
            waits = status == 429 or (status == 409 and answer["error"]["code"] == "idempotency_in_flight")
            if not waits:
                return status, answer
            await asyncio.sleep(random.uniform(0.02, 0.1))

    async def work(self, campaign: str, done: asyncio.Event) -> None:
        while not done.is_set():
            status, task = await self.ask(f"{LABELING}/campaigns/{campaign}/next-task")
            assert status == 200, task
            if task is None:
                await asyncio.sleep(0.3)
                continue
            self._seen.served[self._token].append(task["id"])
            await asyncio.sleep(random.uniform(0, 0.02))
            status, answer = await self.ask(f"{LABELING}/tasks/{task['id']}/submit", {"verdict": "correct"})
            assert status == 201, answer

    async def close(self) -> None:
        if self._open:
            await self._lean.__aexit__()


async def storm(database: str, *, people: int, n_tasks: int, kills: int, workers: int, limit: float) -> dict[str, Any]:
    """Runs it; raises `AssertionError` when a promise is broken or `limit` seconds have passed."""
    with House(database) as house:
        house.now = datetime.now(UTC)
        campaign = house.campaign(target_redundancy=VOTES, gold_fraction=0.1, lease_minutes=1)
        house.add(campaign, *[{}] * n_tasks, *[GOLD] * max(20, n_tasks // 5))
        known = signed_in(house, campaign, people)
        server, seen, done = Served(database, workers), Seen(), asyncio.Event()
        server.start()
        started = time.monotonic()
        try:
            async with asyncio.timeout(limit), asyncio.TaskGroup() as group:
                crowd = [Client(token, server.port, seen) for token in known]
                for client in crowd:
                    group.create_task(client.work(campaign, done))
                for number in range(kills + 1):
                    share = n_tasks * VOTES * (number + 1) // (kills + 1)
                    while _counted(house) < share:  # noqa: ASYNC110 - the database tells no event
                        await asyncio.sleep(0.05)
                    if number < kills:
                        server.kill()
                        server.start()
                done.set()
            took = time.monotonic() - started
            for client in crowd:
                await client.close()
        finally:
            server.kill()
        _promises(house, seen)
    return {"seconds": round(took, 1), "answers": dict(seen.statuses), "kills": kills}


def _counted(house: House) -> int:
    with house.store.read() as connection:
        rows = connection.execute(select(tasks.c.submission_count).where(~tasks.c.is_gold)).scalars()
        return sum(rows)


def _promises(house: House, seen: Seen) -> None:
    assert not [status for status in seen.statuses if status >= 500], seen.statuses
    with house.store.read() as connection:
        ordinary = connection.execute(select(tasks).where(~tasks.c.is_gold)).all()
        given = connection.execute(select(submissions)).all()
        checked = audit.verify(connection)
    assert {row.submission_count for row in ordinary} == {VOTES}, "not exactly as many counted votes as asked for"
    votes = Counter(row.task_id for row in given if row.counted)
    assert {votes[row.id] for row in ordinary} == {VOTES}
    assert max(Counter((row.task_id, row.voter_id) for row in given).values()) == 1, "somebody voted twice"
    assert all(len(ids) == len(set(ids)) for ids in seen.served.values()), "a task came to somebody twice"
    held = defaultdict(list)
    for row in given:
        held[row.task_id].append((row.claimed_at, row.created_at))
    for spans in held.values():
        spans.sort()
        for (_start, end), (start, _end) in itertools.pairwise(spans):
            assert end <= start, "two people held one task at the same time"
    assert checked.broken is None, checked.broken
    assert checked.n_rows >= len(given)

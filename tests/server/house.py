"""A labeling server's store without HTTP: what the tests of queue, gold and votes drive."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from gonogo.schemas.labeling import LabelingTaskCreate, LabelSubmit
from gonogo.server.auth.principals import Voter, local_lead
from gonogo.server.errors import FieldError
from gonogo.server.queue import leases, next_group, next_task, submissions
from gonogo.server.queue.next_task import Claim
from gonogo.server.store import ids
from gonogo.server.store.engine import Store
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import campaigns, tasks
from gonogo.server.store.schema.rows import CampaignRow, TaskRow
from gonogo.server.store.typed_rows import fetch_campaign, fetch_one
from gonogo.server.tasks import gold_places
from gonogo.server.tasks.create import create_tasks, parse_tasks

START = datetime(2026, 6, 1, 12, tzinfo=UTC)


class House:
    """One database, one lead, a clock that only tests move."""

    def __init__(self, place: Path | str, seed: int = 1) -> None:
        """`place` is a SQLite file or the URL of any database; the schema is in it."""
        self.store = Store(f"sqlite:///{place}" if isinstance(place, Path) else place)
        self.now = START
        self.rng = random.Random(seed)
        self._open: Connection | None = None
        with self.store.write() as connection:
            self.lead = local_lead(connection, self.now)

    def __enter__(self) -> House:
        return self

    def __exit__(self, *_error: object) -> None:
        self.store.close()

    def pass_time(self, **span: float) -> None:
        self.now += timedelta(**span)

    def campaign(self, **settings: Any) -> str:
        values = {"consensus_method": "majority", "target_redundancy": 1, "gold_fraction": 0.0, "acceptance_alpha": 0.8}
        values |= {"id": new_id(), "org_id": self.lead.org_id, "created_at": self.now, **settings}
        values.setdefault("name", values["id"])
        with self.write() as connection:
            connection.execute(insert(campaigns).values(values))
        return str(values["id"])

    def row(self, campaign_id: str) -> CampaignRow:
        with self.read() as connection:
            return fetch_campaign(connection, campaign_id)

    def task(self, task_id: str) -> TaskRow:
        with self.read() as connection:
            return fetch_one(connection, select(tasks).where(tasks.c.id == task_id), TaskRow)

    def add(self, campaign_id: str, *wanted: dict[str, Any]) -> list[str]:
        body = [LabelingTaskCreate(**{"target_kind": "pmi", "field_name": "nominal", **fields}) for fields in wanted]
        errors: list[FieldError] = []
        values = parse_tasks(body, errors)
        assert not errors
        with self.write() as connection:
            return create_tasks(connection, self.row(campaign_id), values, self.now, self.rng)

    def next(self, campaign_id: str, voter: Voter) -> Claim | None:
        with self.write() as connection:
            campaign = fetch_campaign(connection, campaign_id)
            return next_task.next_task(connection, campaign, voter, self.now)

    def next_group(self, campaign_id: str, voter: Voter, limit: int) -> list[Claim]:
        with self.write() as connection:
            campaign = fetch_campaign(connection, campaign_id)
            return next_group.next_group(connection, campaign, voter, self.now, limit)

    def submit(
        self, campaign_id: str, task_id: str, voter: Voter, verdict: str = "correct"
    ) -> submissions.SubmitResult:
        with self.write() as connection:
            campaign = fetch_campaign(connection, campaign_id)
            return submissions.submit(connection, campaign, task_id, voter, LabelSubmit(verdict=verdict), self.now)

    def release(self, task_id: str, voter: Voter) -> None:
        with self.write() as connection:
            task = fetch_one(connection, select(tasks).where(tasks.c.id == task_id), TaskRow)
            leases.release_if_held(connection, task, voter, self.now)

    def work_off(self, campaign_id: str, voter: Voter) -> list[str]:
        """Claims and answers until nothing is left for `voter`; the ids in the order served."""
        served = []
        with self.at_once():
            while (claim := self.next(campaign_id, voter)) is not None:
                served.append(claim.task.id)
                self.submit(campaign_id, claim.task.id, voter)
        return served

    def work_off_some(self, campaign_id: str, voter: Voter, count: int) -> None:
        """Claims and answers as many tasks."""
        for _task in range(count):
            claim = self.next(campaign_id, voter)
            assert claim is not None
            self.submit(campaign_id, claim.task.id, voter)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """All of the block in one transaction: a thousand answers without a thousand waits for the disk."""
        if self._open is not None:
            yield
            return
        with self.store.write() as self._open:
            try:
                yield
            finally:
                self._open = None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """The open transaction of `at_once`, of which a failed block takes back only itself; else one of its own."""
        if self._open is None:
            with self.store.write() as connection:
                yield connection
            return
        with self._open.begin_nested():
            yield self._open

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """The same for reading."""
        if self._open is not None:
            yield self._open
            return
        with self.store.read() as connection:
            yield connection


def people(count: int) -> list[Voter]:
    return [Voter(f"voter-{number}", "annotator") for number in range(count)]


class _SeededSecrets:
    """The functions of `secrets` that ids and places of gold are drawn by, from a seed."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.randbits = rng.getrandbits
        self.token_bytes = rng.randbytes
        self.token_hex: Callable[[int], str] = lambda count: rng.randbytes(count).hex()


@contextmanager
def seeded_ids(seed: int = 1) -> Iterator[None]:
    """The same ids and the same places of gold in each run: by them the server picks what it checks once more.

    An example that fails must fail again when hypothesis replays it. There is no setting for it, because a server
    whose ids can be foretold is none that we want.
    """
    with pytest.MonkeyPatch.context() as patch:
        secrets = _SeededSecrets(seed)
        patch.setattr(ids, "secrets", secrets)
        patch.setattr(gold_places, "secrets", secrets)
        yield

"""Oracles, and a campaign in a real database."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from gonogo.server.scoring.task_scoring import rescore_task
from gonogo.server.store.engine import Store
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import campaigns, orgs, submissions, tasks
from gonogo.server.store.schema.rows import CampaignRow, TaskRow
from gonogo.server.store.typed_rows import fetch_campaign, fetch_one
from tests.sqlite import fresh_database

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def expected() -> dict[str, Any]:
    """What crowd-kit and krippendorff made of the same data; see `make_expected.py`."""
    found: dict[str, Any] = json.loads((Path(__file__).parent / "expected.json").read_text())
    return found


@dataclass
class Campaign:
    """One campaign, filled row by row as the server would."""

    store: Store
    id: str
    org_id: str
    people: dict[str, str] = field(default_factory=dict)
    n_tasks: int = 0
    _open: Connection | None = None

    def row(self) -> CampaignRow:
        with self.store.read() as connection:
            return fetch_campaign(connection, self.id)

    def set(self, **columns: Any) -> None:
        with self.store.write() as connection:
            connection.execute(campaigns.update().where(campaigns.c.id == self.id).values(**columns))

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """All of the block in one transaction: hundreds of votes without as many waits for the disk."""
        with self.store.write() as self._open:
            yield
        self._open = None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        if self._open is not None:
            yield self._open
            return
        with self.store.write() as connection:
            yield connection

    def add_task(self, *, n_required: int = 3, **columns: Any) -> str:
        """A task; any column of its table can be given."""
        self.n_tasks += 1
        made = {
            "id": new_id(),
            "campaign_id": self.id,
            "target_kind": "pmi",
            "n_required": n_required,
            "created_at": NOW,
            "sheet_seq": 0,
            "place": f"{self.n_tasks:010d}",
        }
        with self.write() as connection:
            connection.execute(tasks.insert().values(**{**made, **columns}))
        return str(made["id"])

    def vote(self, task_id: str, *votes: Any, start: int = 0, refresh: bool = True, **columns: Any) -> None:
        """One vote after the other, by person 0, 1, 2 …: a verdict, or a verdict and a value."""
        for person, given in enumerate(votes, start):
            verdict, value = given if isinstance(given, tuple) else (given, None)
            self.vote_of(task_id, f"p{person}", verdict, value, refresh=refresh, **columns)

    def vote_of(
        self, task_id: str, person: str, verdict: str, value: Any = None, *, refresh: bool = True, **columns: Any
    ) -> None:
        made = {
            "id": new_id(),
            "task_id": task_id,
            "campaign_id": self.id,
            "voter_id": self.people.setdefault(person, f"{len(self.people):04d}-{person}"),
            "voter_kind": "annotator",
            "verdict": verdict,
            "corrected_value": value,
            "duration_ms": 3000,
            "claimed_at": NOW - timedelta(seconds=5),
            "created_at": NOW,
        }
        with self.write() as connection:
            connection.execute(submissions.insert().values(**{**made, **columns}))
            more = tasks.update().where(tasks.c.id == task_id)
            connection.execute(more.values(submission_count=tasks.c.submission_count + 1))
            if refresh:
                rescore_task(connection, task_id, NOW)

    def task(self, task_id: str) -> TaskRow:
        with self.store.read() as connection:
            return fetch_one(connection, select(tasks).where(tasks.c.id == task_id), TaskRow)

    def statuses(self, task_ids: Sequence[str]) -> list[tuple[str, str | None]]:
        rows = [self.task(task_id) for task_id in task_ids]
        return [(row.status, row.consensus_verdict) for row in rows]


@pytest.fixture
def campaign(tmp_path: Path) -> Iterator[Campaign]:
    store = Store(fresh_database(tmp_path / "gonogo.db"))
    org_id, campaign_id = new_id(), new_id()
    with store.write() as connection:
        connection.execute(orgs.insert().values(id=org_id, name="works", created_at=NOW))
        connection.execute(
            campaigns.insert().values(
                id=campaign_id,
                org_id=org_id,
                name="shafts",
                consensus_method="dawid_skene",
                target_redundancy=3,
                gold_fraction=0.1,
                acceptance_alpha=0.8,
                created_at=NOW,
            )
        )
    yield Campaign(store, campaign_id, org_id)
    store.dispose()

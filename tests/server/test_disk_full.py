"""A disk that is full, under each database: requests are refused in words, nothing is lost, work goes on with room."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings
from gonogo.server.store import audit
from gonogo.server.store.engine import Store
from tests.postgres import cluster
from tests.server.conftest import needs_postgresql
from tests.server.live import uvicorn_serving
from tests.server.web import LABELING, OURS
from tests.sqlite import fresh_database
from tests.support.small_disk import mounted

MEGABYTES = 64
pytestmark = pytest.mark.slow


@dataclass
class Disk:
    """A small file system, and the URL of the database on it."""

    folder: Path
    database_url: str

    @property
    def ballast(self) -> Path:
        return self.folder / "ballast"

    def fill(self) -> None:
        """Takes the room that is left, to the last page."""
        with contextlib.suppress(OSError), self.ballast.open("ab", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def make_room(self) -> None:
        self.ballast.unlink()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=needs_postgresql)])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    if request.param == "sqlite":
        with mounted(tmp_path / "disk", MEGABYTES) as folder:
            yield Disk(folder, fresh_database(folder / "server.db"))
        return
    with mounted(cluster().folder / "disk", MEGABYTES) as folder, cluster().database_in(folder) as url:
        yield Disk(folder, url)


def tasks_of(rng: random.Random) -> dict[str, Any]:
    """Tasks of some hundred kilobytes that no database can press together."""
    fields = {"target_kind": "pmi", "field_name": "nominal"}
    return {"tasks": [fields | {"prompt": rng.randbytes(900).hex()} for _ in range(100)]}


def key_of(number: int) -> dict[str, str]:
    return {"Idempotency-Key": f"tasks-{number}"}


def test_refused_in_words_and_nothing_lost(disk: Disk) -> None:
    settings = ServerSettings(
        database_url=disk.database_url,
        embedded_token="embedded",
        requests_per_minute_per_key=None,
        requests_per_minute_per_caller=None,
    )
    rng, stored = random.Random(1), 0
    with (
        uvicorn_serving(create_app(settings)) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"X-API-Key": "embedded"}, timeout=30) as lead,
    ):
        campaign = lead.post(f"{LABELING}/campaigns", json={"name": "PMI"}).json()["id"]
        path = f"{LABELING}/campaigns/{campaign}/tasks"
        task = lead.post(path, json={"tasks": [{"target_kind": "pmi", "prompt": "right?"}]}).json()["data"][0]["id"]
        lead.post(f"{LABELING}/tasks/{task}/submit", json={"verdict": "correct"}).raise_for_status()
        assert lead.get("/readyz").status_code == 200

        disk.fill()
        while (answer := lead.post(path, json=(sent := tasks_of(rng)), headers=key_of(stored))).is_success:
            stored += 100
            assert stored < 10_000, "the disk is not full"
            disk.fill()
        assert answer.status_code == 503, answer.text
        error = answer.json()["error"]
        assert (error["code"], error["details"]) == ("unavailable", {"reason": "disk_full"})
        assert "nothing was changed" in error["message"]
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
        not_ready = lead.get("/readyz")
        assert (not_ready.status_code, not_ready.json()["error"]["details"]) == (503, {"reason": "disk_full"})
        assert lead.get("/healthz").status_code == 200
        assert lead.get(f"{OURS}/campaigns/{campaign}/queue").status_code == 200  # what is there can be read

        disk.make_room()
        assert lead.get("/readyz").status_code == 200
        again = lead.post(path, json=sent, headers=key_of(stored))
        assert again.status_code == 201
        stored += 100
        assert lead.post(f"{LABELING}/campaigns/{campaign}/next-task").json() is not None
        assert lead.get(f"{LABELING}/campaigns/{campaign}").json()["task_count"] == 1 + stored
        votes = lead.get(f"{OURS}/campaigns/{campaign}/submissions").json()["data"]
        assert [(vote["task_id"], vote["verdict"]) for vote in votes] == [(task, "correct")]
    store = Store(disk.database_url)
    try:
        with store.read() as connection:
            assert audit.verify(connection).broken is None
    finally:
        store.close()

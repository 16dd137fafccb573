"""The same import, twice, and the same export, on SQLite and on PostgreSQL."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gonogo.client.credential import ApiKey
from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.lookup import find_campaign
from gonogo.json_types import JsonObject
from gonogo.schemas.labeling import LabelSubmit
from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings
from gonogo.server.store.dialects.sqlite import ROWS_PER_STATEMENT
from gonogo.transfer.exporting.export_campaign import ExportOptions, export_campaign
from gonogo.transfer.importing.import_file import import_file
from gonogo.transfer.importing.import_result import ImportResult
from gonogo.transfer.importing.spool import ImportOptions
from tests.postgres import cluster
from tests.server.conftest import DATABASES, needs_postgresql
from tests.sqlite import fresh_database
from tests.transfer.importing.conftest import TOKEN, WriteLines, reading

N = ROWS_PER_STATEMENT + 7
"""Some rows are copied together, and some are left over."""


@pytest.fixture(params=[DATABASES[0], pytest.param(DATABASES[1], marks=needs_postgresql)])
async def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[GonogoClient]:
    url = cluster().database() if request.param == "postgresql" else fresh_database(tmp_path / "server.db")
    app = create_app(ServerSettings(database_url=url, embedded_token=TOKEN))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with GonogoClient("http://embedded.localhost", ApiKey(TOKEN), transport=transport) as client:
            yield client


def lines() -> list[dict[str, Any]]:
    """On three pages of two drawings, some with a truth, one with everything that is unusual."""
    usual = [
        reading(
            id=f"{n}",
            **({"part": "b", "drawing": "deep/b.png", "page": 1 + n % 2} if n % 3 else {}),
            **({"truth": {"text": "⌀16,5"}} if n % 4 == 0 else {}),
            predicted_confidence=n / N,
        )
        for n in range(N - 1)
    ]
    odd = {"text": 'a "quote", a \\ and \u2028 😀', "upper": 0.1, "quantity": 2, "datums": ["A", None]}
    return [*usual, reading(id="odd", part="new", drawing=..., predicted_value=odd, position=[1, 2.5, -3])]


async def exported(client: GonogoClient, form: str = "jsonl") -> bytes:
    out = io.BytesIO()
    await export_campaign(client, await find_campaign(client, "pmi"), out, ExportOptions(form))
    return out.getvalue()


async def test_in_twice_and_out_again(anywhere: GonogoClient, write: WriteLines) -> None:
    options = ImportOptions(write(*lines()), "pmi", gold_from_truth=True)
    first = await import_file(anywhere, options)
    assert _new(first) == (2, N, N)
    assert first.n_gold == 6  # a tenth, rounded up
    assert _new(await import_file(anywhere, options)) == (0, 0, 0)
    found = [json.loads(line) for line in (await exported(anywhere)).splitlines()]
    wanted = {line["id"]: line for line in lines()}
    assert [task["prediction_id"] for task in found] == list(wanted)
    for task in found:
        line = wanted[task["prediction_id"]]
        assert (task["predicted_value"], task["truth"]) == (line["predicted_value"], line.get("truth"))
        assert task["drawing_bbox"] == [10, 20, 110, 60, *([2] if line.get("page") == 2 else [])]
        assert (task["part"], task["drawing"]) == (line["part"], line.get("drawing", "").rpartition("/")[2] or None)
        assert task["predicted_confidence"] == line.get("predicted_confidence")
        assert task["is_gold"] is (task["gold_answer"] is not None)


async def test_more_lines_and_some_that_are_known_join(anywhere: GonogoClient, write: WriteLines) -> None:
    assert _new(await import_file(anywhere, ImportOptions(write(*lines()[:20]), "pmi"))) == (2, 20, 20)
    more = await import_file(anywhere, ImportOptions(write(*reversed(lines())), "pmi"))
    assert (_new(more), more.n_predictions_known) == ((0, N - 20, N - 20), 20)


async def test_every_form_is_the_same_bytes_again(anywhere: GonogoClient, write: WriteLines) -> None:
    await import_file(anywhere, ImportOptions(write(*lines()), "pmi"))
    campaign = await find_campaign(anywhere, "pmi")
    for verdict in ("correct", "incorrect"):
        served = await anywhere.next_task(campaign.id)
        assert served.task is not None
        value: JsonObject | None = {"text": "M8, \u2028"} if verdict == "incorrect" else None
        await anywhere.submit(served.task.id, LabelSubmit(verdict=verdict, corrected_value=value, confidence=0.5))
    votes = [vote for line in (await exported(anywhere)).splitlines() for vote in json.loads(line)["submissions"]]
    assert sorted((vote["verdict"], vote["corrected_value"]) for vote in votes) == [
        ("correct", None),
        ("incorrect", {"text": "M8, \u2028"}),
    ]
    assert all(vote["counted"] is True and vote["late"] is False and vote["confidence"] == 0.5 for vote in votes)
    for form in ("jsonl", "csv", "labelstudio", "coco"):
        assert await exported(anywhere, form) == await exported(anywhere, form)


def _new(result: ImportResult) -> tuple[int, int, int]:
    return result.n_drawings_new, result.n_predictions_new, result.n_tasks + result.n_gold

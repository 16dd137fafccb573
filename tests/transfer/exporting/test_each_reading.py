"""A record for each reading that was merged into a question."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from gonogo.client.gonogo_client import GonogoClient
from gonogo.schemas.labeling import Adjudication
from gonogo.transfer.exporting.each_reading import each_reading
from gonogo.transfer.exporting.export_campaign import ExportOptions, ExportResult, export_campaign
from gonogo.transfer.importing.import_file import import_file
from gonogo.transfer.importing.spool import ImportOptions
from tests.transfer.importing.conftest import client, drawings, reading, write

__all__ = ["client", "drawings", "write"]


@pytest.fixture
async def merged(client: GonogoClient, write: Any) -> str:
    """A campaign of two questions: three readings of one place, ruled on, and one that stands alone."""
    path: Path = write(
        reading(id="a", source="ocr", predicted_value={"text": "16,5"}, predicted_confidence=0.9),
        reading(id="b", source="gpt", predicted_value={"text": "Ø16,5"}, predicted_confidence=0.5),
        reading(id="c", source="qwen", predicted_value={"text": "18,5"}, predicted_confidence=0.4),
        reading(id="d", source="ocr", bbox=[500, 20, 600, 60]),
    )
    result = await import_file(client, ImportOptions(path, "pmi", merge_readings=True))
    tasks = (await client.list_tasks(result.campaign_id)).data
    asked = next(task for task in tasks if task.other_readings)
    await client.adjudicate(asked.id, Adjudication(verdict="incorrect", corrected_value={"text": "⌀16.5"}))
    return result.campaign_id


async def exported(client: GonogoClient, campaign: str, options: ExportOptions) -> tuple[str, ExportResult]:
    out = io.BytesIO()
    result = await export_campaign(client, await client.get_campaign(campaign), out, options)
    return out.getvalue().decode("utf-8-sig"), result


async def test_each_reader_has_a_line_with_its_verdict(client: GonogoClient, merged: str) -> None:
    text, result = await exported(client, merged, ExportOptions(each_reading=True))
    lines = [json.loads(line) for line in text.splitlines()]
    assert [
        (one["prediction_id"], one["source"], one["consensus_verdict"], one["consensus_value"], one["derived_from"])
        for one in lines
    ] == [
        ("a", "ocr", "incorrect", {"text": "⌀16.5"}, None),
        ("b", "gpt", "correct", None, "a"),
        ("c", "qwen", "incorrect", {"text": "⌀16.5"}, "a"),
        ("d", "ocr", None, None, None),
    ]
    assert [len(one["rulings"]) for one in lines] == [1, 0, 0, 0], "a ruling stands where it was made"
    assert len({tuple(one) for one in lines}) == 1, "all have the same fields"
    assert (result.n_tasks, result.n_derived) == (2, 2)


async def test_without_the_wish_a_task_is_a_line(client: GonogoClient, merged: str) -> None:
    text, result = await exported(client, merged, ExportOptions())
    assert [len(json.loads(line)["readings"]) for line in text.splitlines()] == [2, 0]
    assert (result.n_tasks, result.n_derived) == (2, 0)


async def test_a_table_has_a_row_for_each_reading(client: GonogoClient, merged: str) -> None:
    text, _ = await exported(client, merged, ExportOptions("csv", each_reading=True))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["prediction_id"], row["consensus_verdict"], row["derived_from"]) for row in rows] == [
        ("a", "incorrect", ""),
        ("b", "correct", "a"),
        ("c", "incorrect", "a"),
        ("d", "", ""),
    ]


def test_a_record_of_a_plain_server_is_one_record() -> None:
    record = {"task_id": "t", "predicted_value": {"text": "1"}}
    assert list(each_reading(record)) == [{**record, "readings": [], "derived_from": None}]

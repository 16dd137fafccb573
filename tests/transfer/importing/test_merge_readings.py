"""Several readings of one place in a file: one question each, when it is asked for; else the import says so."""

from __future__ import annotations

import io
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gonogo.client.errors import UnsupportedError
from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.lookup import all_campaigns, all_projects
from gonogo.schemas.gonogo_api import Capabilities
from gonogo.transfer.exporting.export_campaign import export_campaign
from gonogo.transfer.importing.import_file import import_file
from gonogo.transfer.importing.import_result import ImportResult
from gonogo.transfer.importing.repeated_places import PlaceCounter, RepeatedPlaces
from gonogo.transfer.importing.spool import ImportOptions, spool_file
from gonogo.transfer.progress_callback import no_progress
from tests.shared_material import DRAWINGS
from tests.transfer.importing.conftest import WriteLines, read_lines, reading


def lines() -> list[dict[str, Any]]:
    """Two readings of one place, three of another, and three that stand alone."""
    near = [11, 20, 111, 60]
    far = [210, 20, 310, 60]
    return [
        reading(id="1", source="ocr", predicted_value={"text": "16,5"}),
        reading(id="2", source="ocr", bbox=far),
        reading(id="3", source="gpt", bbox=near),
        reading(id="4", source="gpt", bbox=far),
        reading(id="5", source="qwen", bbox=far),
        reading(id="6", source="gpt", page=2),
        reading(id="7", source="qwen", detail_kind="thread"),
        reading(id="8", source="qwen", part="b", drawing="deep/b.png"),
    ]


async def test_merged_lines_are_one_question_and_a_second_import_adds_nothing(
    client: GonogoClient, write: WriteLines
) -> None:
    options = ImportOptions(write(*lines()), "pmi", merge_readings=True)
    first = await import_file(client, options)
    assert (first.n_tasks, first.n_merged, first.n_predictions_new) == (5, 3, 8)
    assert first.sentences()[:2] == [
        "Campaign 'pmi' (new): 5 new tasks.",
        "3 more readings of the same places merged into these questions.",
    ]
    assert first.merge_hint() == ""
    second = await import_file(client, options)
    assert (second.n_tasks, second.n_merged) == (0, 0)


async def test_a_dry_run_counts_questions(client: GonogoClient, write: WriteLines) -> None:
    options = ImportOptions(write(*lines()), "pmi", merge_readings=True, dry_run=True)
    (sentence,) = (await import_file(client, options)).sentences()
    assert sentence == "8 predictions on 2 drawings would be imported as 5 questions; nothing was sent."


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({}, "2 places have several readings, and each reading is a question."),
        ({"dry_run": True}, "2 places have several readings: --merge-readings asks each place once."),
        ({"campaign": None, "project": "p"}, "2 places have several readings: `projects generate --merge-readings`"),
    ],
)
async def test_an_import_says_that_a_place_was_read_more_than_once(
    client: GonogoClient, write: WriteLines, changes: dict[str, Any], hint: str
) -> None:
    options = replace(ImportOptions(write(*lines()), "pmi"), **changes)
    assert (await import_file(client, options)).merge_hint().startswith(hint)


async def test_one_place_is_counted_in_the_singular(client: GonogoClient, write: WriteLines) -> None:
    result = await import_file(client, ImportOptions(write(lines()[0], lines()[2]), "pmi"))
    assert result.merge_hint().startswith("1 place has several readings")


def test_of_a_long_file_the_first_lines_are_counted(write: WriteLines) -> None:
    path = write(*lines())
    counter = PlaceCounter(limit=4)
    for index, line in enumerate(read_lines(path)[0]):
        counter.add(index, line)
    assert counter.count() == RepeatedPlaces(2, 4, at_least=True)
    result = ImportResult(8, imported=True, campaign="pmi", n_repeated_places=2, repeated_at_least=True)
    assert result.merge_hint().startswith("At least 2 places have several readings")


def test_two_readings_by_one_reader_are_no_repeated_place(write: WriteLines) -> None:
    """They may be two things, and what is left out counts for nothing."""
    twice = [reading(id="1", source="ocr"), reading(id="2", source="ocr"), reading(id="3", source="gpt")]
    with spool_file(ImportOptions(write(*twice), "pmi"), no_progress) as spool:
        assert spool.repeated == RepeatedPlaces()
    with spool_file(ImportOptions(write(*twice, reading(id="3", source="x")), "pmi"), no_progress) as spool:
        assert spool.repeated == RepeatedPlaces()
    with spool_file(ImportOptions(write(twice[0], twice[0], twice[2]), "pmi", skip_bad=True), no_progress) as spool:
        assert spool.repeated == RepeatedPlaces(1, 2)


async def test_a_server_without_it_refuses_before_anything_is_made(
    client: GonogoClient, write: WriteLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ImportOptions(write(*lines()), "pmi", merge_readings=True)
    for there in (None, Capabilities(extensions=["predictions", "drawings_batch"])):

        async def capabilities(there: Capabilities | None = there) -> Capabilities | None:
            return there

        with monkeypatch.context() as older:
            older.setattr(client, "capabilities", capabilities)
            with pytest.raises(UnsupportedError, match="--merge-readings can't be done: this"):
                await import_file(client, options)
    assert await all_campaigns(client) == []
    assert await all_projects(client) == []


@pytest.mark.skipif(DRAWINGS is None, reason="the real drawings are not beside this repository")
async def test_the_three_readers_of_the_real_file(client: GonogoClient, tmp_path: Path) -> None:
    assert DRAWINGS is not None
    path = DRAWINGS / "predictions.jsonl"
    plain = await import_file(client, ImportOptions(path, "plain"))
    assert (plain.n_tasks, plain.n_repeated_places) == (125, 45)
    merged = await import_file(client, ImportOptions(path, "merged", merge_readings=True))
    assert (merged.n_tasks, merged.n_merged) == (52, 73)
    out = io.BytesIO()
    await export_campaign(client, await client.get_campaign(merged.campaign_id), out)
    found = [json.loads(line) for line in out.getvalue().splitlines()]
    assert Counter(len(line["readings"]) for line in found) == {0: 7, 1: 17, 2: 28}
    records = [name for line in found for name in (line["prediction_id"], *_names(line))]
    assert sorted(records) == sorted(json.loads(line)["id"] for line in path.read_text("utf-8").splitlines())


def _names(line: dict[str, Any]) -> list[str]:
    return [one["prediction_id"] for one in line["readings"]]

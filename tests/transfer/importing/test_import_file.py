"""From a file to a campaign, on our own server; twice; and what a bad line, a name or a break does."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, Literal

import pytest

from gonogo.client.errors import InvalidInputError, NotFoundError
from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.lookup import all_campaigns, find_campaign
from gonogo.schemas.labeling import LabelingCampaignCreate
from gonogo.transfer.exporting.export_campaign import export_campaign
from gonogo.transfer.importing.import_file import import_file
from gonogo.transfer.importing.spool import MAX_BATCH_BYTES, ImportOptions, batches
from gonogo.transfer.importing.target_campaign import CampaignSetup
from tests.shared_material import DRAWINGS
from tests.transfer.importing.conftest import WriteLines, reading


def lines() -> list[dict[str, Any]]:
    return [
        reading(id="1"),
        reading(id="2", truth={"text": "⌀16,5"}),
        reading(id="3", part="b", drawing="deep/b.png", truth={"text": "⌀99"}),
        reading(id="4", part="c", drawing="c.pdf", bbox_unit="norm", bbox=[0.1, 0.1, 0.3, 0.2]),
    ]


async def exported(client: GonogoClient, campaign_id: str) -> list[dict[str, Any]]:
    out = io.BytesIO()
    done = await export_campaign(client, await client.get_campaign(campaign_id), out)
    found = [json.loads(line) for line in out.getvalue().splitlines()]
    assert done.n_tasks == len(found)
    return found


async def test_a_file_becomes_a_campaign_and_the_second_run_adds_nothing(
    client: GonogoClient, write: WriteLines
) -> None:
    heard: list[tuple[str, int, int]] = []
    options = ImportOptions(write(*lines()), "pmi")
    first = await import_file(client, options, lambda *step: heard.append(step))
    assert first.imported
    assert (first.campaign_new, first.project_new, first.project) == (True, True, "pmi")
    assert (first.n_drawings, first.n_drawings_new, first.n_predictions_new, first.n_tasks) == (3, 3, 4, 4)
    assert ("drawings", 3, 3) in heard
    assert ("predictions", 4, 4) in heard
    assert "4 new tasks" in first.sentences()[0]
    second = await import_file(client, options)
    assert (second.campaign_id, second.campaign_new, second.project_new) == (first.campaign_id, False, False)
    assert (second.n_drawings_new, second.n_predictions_new, second.n_predictions_known) == (0, 0, 4)
    assert (second.n_tasks, second.n_gold) == (0, 0)
    tasks = await exported(client, first.campaign_id)
    assert sorted(task["prediction_id"] for task in tasks) == ["1", "2", "3", "4"]
    assert all(task["part_revision_id"] for task in tasks)
    assert len(await all_campaigns(client)) == 1


async def test_more_lines_join_the_same_campaign(client: GonogoClient, write: WriteLines) -> None:
    await import_file(client, ImportOptions(write(*lines()[:2]), "pmi"))
    more = await import_file(client, ImportOptions(write(*lines()), "pmi"))
    assert (more.n_predictions_new, more.n_predictions_known, more.n_tasks) == (2, 2, 2)


async def test_truth_becomes_gold_only_when_asked(client: GonogoClient, write: WriteLines) -> None:
    path = write(*lines())
    assert (await import_file(client, ImportOptions(path, "plain"))).n_gold == 0
    gold = await import_file(client, ImportOptions(path, "gold", gold_from_truth=True))
    assert (gold.n_gold, gold.n_tasks) == (1, 3)  # a tenth of all, rounded up
    assert "4 new tasks, 1 of them gold" in gold.sentences()[0]
    (honeypot,) = [task for task in await exported(client, gold.campaign_id) if task["is_gold"]]
    assert honeypot["prediction_id"] in ("2", "3")


@pytest.mark.parametrize(("unit", "answer"), [("mm", "correct"), (None, "incorrect")])
async def test_a_unit_is_assumed_only_where_it_is_named(
    client: GonogoClient, write: WriteLines, unit: Literal["mm"] | None, answer: str
) -> None:
    line = json.dumps(reading(predicted_value={"text": "12,5 mm"}, truth={"text": "12,5"}))
    options = ImportOptions(write(line), "pmi", gold_from_truth=True, setup=CampaignSetup(unit=unit))
    made = await import_file(client, options)
    (task,) = await exported(client, made.campaign_id)
    assert task["is_gold"]
    assert task["gold_answer"].startswith("correct" if answer == "correct" else "{")
    assert (await client.queue(made.campaign_id or "")).unit == unit


async def test_a_bad_line_keeps_everything_out_unless_skipped(client: GonogoClient, write: WriteLines) -> None:
    path = write(*lines(), "{broken")
    refused = await import_file(client, ImportOptions(path, "pmi"))
    assert not refused.imported
    assert [item.number for item in refused.bad] == [5]
    assert refused.sentences() == ["Nothing was imported: 1 of 5 lines are bad."]
    assert await all_campaigns(client) == []
    taken = await import_file(client, ImportOptions(path, "pmi", skip_bad=True))
    assert taken.n_tasks == 4
    assert "1 bad line left out." in taken.sentences()


async def test_an_empty_file_makes_nothing(client: GonogoClient, write: WriteLines) -> None:
    result = await import_file(client, ImportOptions(write(""), "pmi"))
    assert not result.imported
    assert result.sentences() == ["Nothing was imported: the file has no lines."]
    assert await all_campaigns(client) == []


async def test_names_that_cannot_be_used_are_said_before_anything_goes_in(
    client: GonogoClient, write: WriteLines
) -> None:
    path = write(*lines())
    first = await client.create_campaign(LabelingCampaignCreate(name="closed"))
    await client.close_campaign(first.id)
    with pytest.raises(InvalidInputError, match="closed"):
        await import_file(client, ImportOptions(path, "closed"))
    done = await import_file(client, ImportOptions(path, "pmi"))
    with pytest.raises(InvalidInputError, match="belongs to project"):
        await import_file(client, ImportOptions(path, "pmi", project="other"))
    by_id = await import_file(client, ImportOptions(path, done.campaign_id))
    assert (by_id.campaign, by_id.n_tasks) == ("pmi", 0)


async def test_campaigns_are_found_by_name_or_id(client: GonogoClient) -> None:
    made = await client.create_campaign(LabelingCampaignCreate(name="batch 12"))
    assert (await find_campaign(client, "batch 12")).id == made.id
    assert (await find_campaign(client, made.id)).name == "batch 12"
    with pytest.raises(NotFoundError) as caught:
        await find_campaign(client, "batch 21")
    assert "batch 12" in caught.value.next_step


def test_batches_stay_replayable() -> None:
    """At most 1000 each and the request's body under 1 MB, nothing lost, order kept."""
    items = [b"x" * (300 + n % 7) for n in range(2500)] + [b"y" * 90_000 for _ in range(25)]
    found = list(batches(items))
    assert [item for batch in found for item in batch] == items
    for batch in found:
        assert len(batch) <= 1000
        assert len(b",".join(batch)) <= MAX_BATCH_BYTES
    assert MAX_BATCH_BYTES < 1_000_000 - 1000  # the project's id and the run's name stand in the body, too


@pytest.mark.skipif(DRAWINGS is None, reason="the real drawings are not here")
async def test_the_real_drawings(client: GonogoClient) -> None:
    assert DRAWINGS
    options = ImportOptions(DRAWINGS / "predictions.jsonl", "pmi", drawings=DRAWINGS, gold_from_truth=True)
    first = await import_file(client, options)
    assert (first.n_lines, first.bad, first.n_drawings) == (125, (), 4)
    assert (first.n_predictions_new, first.n_tasks, first.n_gold) == (125, 112, 13)
    second = await import_file(client, options)
    assert (second.n_drawings_new, second.n_predictions_new, second.n_tasks) == (0, 0, 0)


def test_nothing_here_needs_the_command_line() -> None:
    folder = Path(__file__).parents[3] / "src" / "gonogo" / "transfer"
    for file in folder.rglob("*.py"):
        assert "click" not in file.read_text().replace("No click in here", "")

"""Gold that looks different from the work is told to the lead; gold that looks like it never is."""

from __future__ import annotations

import random
from typing import Any

import pytest

from gonogo.server.quality.gold_looks import differences
from tests.server.consensus.conftest import Campaign
from tests.server.quality.test_settled import RIGHT, details, quality, text_of
from tests.server.review.conftest import Bench, bench
from tests.server.web import LABELING

__all__ = ["bench"]

KINDS = ("dimension", "tolerance", "gdt")


def shown(rng: random.Random, **fields: Any) -> dict[str, Any]:
    """Columns of a task as a model's prediction makes it."""
    sheet = rng.randrange(20)
    usual: dict[str, Any] = {
        "detail_kind": rng.choice(KINDS),
        "predicted_value": {"text": f"⌀{rng.randint(2, 900)},{rng.randint(0, 9)}"},
        "drawing_bbox": [0.1, 0.1, 0.1 + rng.random() / 5, 0.15],
        "part_revision_id": f"part-{sheet}",
        "pmi_id": f"pmi-{rng.randrange(10**6)}" if rng.random() < 0.8 else None,
        "prompt": "Is this read right?",
        "sheet_seq": sheet,
    }
    return {**usual, **fields}


def fill(campaign: Campaign, seed: int = 1, n_tasks: int = 200, n_gold: int = 40, **of_gold: Any) -> None:
    rng = random.Random(seed)
    with campaign.at_once():
        for _ in range(n_tasks):
            campaign.add_task(**shown(rng))
        for _ in range(n_gold):
            campaign.add_task(is_gold=True, gold_answer=RIGHT, **shown(rng, **of_gold))


def looks(campaign: Campaign) -> list[str]:
    return [str(look["text"]) for look in details(quality(campaign))["gold_looks"]]


@pytest.mark.parametrize(
    ("of_gold", "text"),
    [
        ({"part_revision_id": None, "sheet_seq": -1}, "100 % of gold has no drawing, 0 % of the work."),
        ({"drawing_bbox": None}, "100 % of gold has no place on its drawing, 0 % of the work."),
        ({"detail_kind": "thread"}, "100 % of gold is of the kind pmi · thread, 0 % of the work."),
        ({"predicted_value": {"text": "M8", "kind": "thread"}}, "has a value with the keys kind, text, 0 % of the"),
        ({"predicted_value": {"text": "Surface treatment of the whole part"}}, "Median of characters in a value: 35"),
        ({"drawing_bbox": [0.0, 0.0, 1.0, 1.0]}, "Median of area of a box: 1 on gold"),
        ({"sheet_seq": 99}, "Median of questions on a sheet: 40 on gold, 1"),
        ({"n_required": 1}, "Median of votes asked for: 1 on gold, 3 on the work."),
    ],
)
def test_each_way_to_tell_gold_is_named(campaign: Campaign, of_gold: dict[str, Any], text: str) -> None:
    fill(campaign, **of_gold)
    assert any(text in look for look in looks(campaign))
    said = " ".join(text_of(quality(campaign)).split())
    assert "gold looks different from the work: people can tell it" in said
    assert "→ Take gold from the same drawings and of the same kinds as the work." in said


@pytest.mark.parametrize("n_gold", [10, 40])
def test_gold_like_the_work_is_never_accused(campaign: Campaign, n_gold: int) -> None:
    for seed in range(8):
        fill(campaign, seed, 60, n_gold)
    assert looks(campaign) == []
    assert "looks different" not in text_of(quality(campaign))


def test_chance_makes_no_difference() -> None:
    class Row:
        on_sheet = n_required = 3
        target_kind = "pmi"
        position = field_name = field_path = calculation_id = feature_id = dfm_issue_id = face_uuid = None

        def __init__(self, fields: dict[str, Any]) -> None:
            self.__dict__.update(fields)

    rng = random.Random(5)
    for _ in range(150):
        gold: list[Any] = [Row(shown(rng)) for _ in range(12)]
        work: list[Any] = [Row(shown(rng)) for _ in range(80)]
        assert list(differences(gold, work)) == []


def test_seeded_errors_look_like_readings(campaign: Campaign) -> None:
    """Half of the gold has a digit changed or dropped, as seeding does."""
    rng = random.Random(2)
    with campaign.at_once():
        for _ in range(200):
            campaign.add_task(**shown(rng))
        for index in range(40):
            fields = shown(rng)
            if index % 2:
                fields["predicted_value"] = {"text": fields["predicted_value"]["text"][:-1] + "7"}
            campaign.add_task(is_gold=True, gold_answer=RIGHT, **fields)
    assert looks(campaign) == []


def test_under_ten_items_nothing_is_said(campaign: Campaign) -> None:
    fill(campaign, n_gold=9, drawing_bbox=None)
    assert looks(campaign) == []


async def test_the_report_of_the_server_says_it_on_both_databases(bench: Bench) -> None:
    rng = random.Random(3)
    columns = ("detail_kind", "predicted_value", "drawing_bbox", "part_revision_id", "pmi_id")
    bodies = [{name: value for name, value in shown(rng).items() if name in columns} for _ in range(60)]
    pool = [{**body, "part_revision_id": None, "is_gold": True, "gold_answer": RIGHT} for body in bodies[:12]]
    await bench.web.add(bench.campaign, *bodies, *pool)
    report = (await bench.web.lead.get(f"{LABELING}/campaigns/{bench.campaign}/quality")).json()
    texts = [look["text"] for look in report["gonogo"]["gold_looks"]]
    assert "100 % of gold has no drawing, 0 % of the work." in texts

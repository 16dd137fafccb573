"""The report begins with what is settled and its expected errors, then what to do next and its price."""

from __future__ import annotations

from typing import Any

import pytest

from gonogo.report.quality import report_lines
from gonogo.schemas.labeling import QualityReport
from gonogo.server.quality.campaign_report import campaign_quality
from tests.server.consensus.conftest import NOW, Campaign

RIGHT, WRONG, UNSURE = "correct", "incorrect", "unsure"


def quality(campaign: Campaign) -> QualityReport:
    with campaign.store.write() as connection:
        return campaign_quality(connection, campaign.row(), NOW)


def details(report: QualityReport) -> dict[str, Any]:
    return report.gonogo or {}


def text_of(report: QualityReport) -> str:
    return "\n".join(report_lines(report.model_dump(), {"0000-p0": "Ana"}, 100))


def fill(campaign: Campaign, n: int = 60) -> None:
    with campaign.at_once():
        for index in range(n):
            wrong = index % 5 == 0
            campaign.vote(campaign.add_task(), *[WRONG if wrong else RIGHT] * 3, refresh=False)


def test_the_settled_part_comes_first_with_its_expected_errors(campaign: Campaign) -> None:
    fill(campaign)
    for _ in range(3):
        campaign.vote(campaign.add_task(), RIGHT, WRONG, UNSURE)
    report = quality(campaign)
    settled = details(report)["settled"]
    assert settled["n_correct"] == 48
    assert settled["n_other"] == 12
    assert 0 < settled["expected_wrong"] < 48 * 0.05
    lines = text_of(report).splitlines()
    assert lines[0].startswith("settled  48 as correct · 12 as incorrect or unsure")
    assert "By the limit 1 in 20 may be wrong; expected: " in lines[1]
    assert "of 48." in lines[1]


def test_next_steps_have_a_price(campaign: Campaign) -> None:
    fill(campaign)
    doubtful = campaign.add_task()
    campaign.vote(doubtful, RIGHT, WRONG, UNSURE)
    begun = [campaign.add_task() for _ in range(4)]
    for task in begun:
        campaign.vote(task, RIGHT)
    for _ in range(2):
        campaign.add_task()
    report = quality(campaign)
    steps = {step["step"]: step for step in details(report)["next_steps"]}
    assert (steps["rule"]["price"], steps["rule"]["items"]) == (1, [doubtful])
    assert (steps["vote"]["price"], set(steps["vote"]["items"])) == (8, set(begun))
    assert (steps["begin"]["n"], steps["begin"]["price"]) == (2, 6)
    text = text_of(report)
    assert "→ 8 more votes on these 4 items in doubt" in text
    assert "→ 10 gold tasks, half of them wrong: there are none" in text
    campaign.add_task(is_gold=True, gold_answer=WRONG)
    assert "→ 10 more gold answers for trust of Ana" in text_of(quality(campaign))
    campaign.set(status="closed")
    assert [step["step"] for step in details(quality(campaign))["next_steps"]] == ["rule"]


def test_advice_stands_only_where_it_applies(campaign: Campaign) -> None:
    assert "AC1" not in text_of(quality(campaign))
    fill(campaign, 100)
    text = text_of(quality(campaign))
    assert "few wrong predictions" not in text  # alpha is fine
    assert "rare and easily missed" not in text
    assert "Under a second" not in text


def test_low_alpha_beside_a_high_ac1_is_said_of_a_campaign_that_has_them(campaign: Campaign) -> None:
    with campaign.at_once():
        for index in range(200):
            campaign.vote(campaign.add_task(n_required=2), RIGHT, WRONG if index % 14 == 0 else RIGHT, refresh=False)
    assert "few wrong predictions" in text_of(quality(campaign))


def test_a_limit_that_was_lowered_says_how_many_are_above_it(campaign: Campaign) -> None:
    campaign.set(max_risk=0.5)
    fill(campaign)
    for _ in range(5):
        campaign.vote(campaign.add_task(), RIGHT, WRONG, RIGHT)
    quality(campaign)
    campaign.set(max_risk=1e-7)
    report = quality(campaign)
    assert details(report)["settled"]["n_above_limit"] > 0
    assert "settled under an earlier limit" in text_of(report)


@pytest.mark.parametrize("max_risk", [0.0, 1.0])
def test_limits_of_nought_and_one(campaign: Campaign, max_risk: float) -> None:
    campaign.set(max_risk=max_risk)
    with campaign.at_once():
        for index in range(30):
            campaign.vote(campaign.add_task(), RIGHT, RIGHT, WRONG if index % 3 == 0 else RIGHT, refresh=False)
    report = quality(campaign)
    statuses = details(report)["statuses"]
    assert statuses == {"open": 0, "in_review": 30 * (max_risk == 0), "resolved": 30 * (max_risk == 1)}
    text_of(report)

"""Campaigns as leads get them wrong: whatever the gold, the crew or the confidences are, the report stays true."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from gonogo.json_types import as_object
from gonogo.server.store.schema import tasks
from tests.server.consensus.conftest import Campaign
from tests.server.consensus.test_bad_input import lines
from tests.server.quality.test_settled import RIGHT, UNSURE, WRONG, details, quality, text_of
from tests.server.scoring.test_refresh import assert_json_safe

VERDICTS = (RIGHT, WRONG)


def fill(
    campaign: Campaign, n_tasks: int, n_gold: int = 0, *, gold: str = "", accuracy: float = 0.95, votes: int = 3
) -> list[str]:
    """Tasks of which 15 % are wrong, and gold half of which is (or all `gold`), answered by three people."""
    rng = np.random.default_rng(7)
    ids = []
    with campaign.at_once():
        for index in range(n_tasks + n_gold):
            is_gold = index >= n_tasks
            truth = VERDICTS[int(rng.random() < (0.5 if is_gold else 0.15))]
            known: dict[str, Any] = {"is_gold": True, "gold_answer": gold or truth} if is_gold else {}
            task = campaign.add_task(n_required=votes, **known)
            truth = known.get("gold_answer", truth)
            other = VERDICTS[1 - VERDICTS.index(truth)]
            said = [truth if rng.random() < accuracy else other for _ in range(votes)]
            campaign.vote(task, *said, refresh=False)
            ids.append(task)
    return ids


def in_review(campaign: Campaign) -> list[str]:
    quality(campaign)
    with campaign.store.read() as connection:
        waiting = select(tasks.c.id).where(tasks.c.status == "in_review")
        return list(connection.execute(waiting).scalars())


def next_texts(campaign: Campaign) -> list[str]:
    return [str(as_object(step)["text"]) for step in details(quality(campaign))["next_steps"]]


@pytest.mark.parametrize(("gold", "missing"), [(RIGHT, "false_accept"), (WRONG, "false_reject")])
def test_gold_of_one_kind_says_which_kind_is_missing(campaign: Campaign, gold: str, missing: str) -> None:
    fill(campaign, 60, 20, gold=gold)
    report = quality(campaign)
    assert_json_safe(report)
    known = {"false_accept", "false_reject"} - {missing}
    assert details(report)[missing]["share"] is None
    assert all(details(report)[name]["share"] is not None for name in known)
    kind = "wrong" if gold == RIGHT else "right"
    assert details(report)["words"][missing]["do"] == f"Not known yet: add gold that is {kind}."
    assert "– (no such gold was answered)" in lines(report)
    assert details(report)["settled"]["expected_wrong"] < 60 * 0.05


@pytest.mark.parametrize("gold_too", [False, True])
def test_nobody_above_chance_settles_hardly_anything_as_correct(campaign: Campaign, gold_too: bool) -> None:
    fill(campaign, 120, 40 if gold_too else 0, accuracy=0.5)
    report = quality(campaign)
    assert_json_safe(report)
    assert report.accepted is False
    if gold_too:  # the gold tells; without it three coins that fall alike look like agreement
        assert details(report)["settled"]["n_correct"] <= 12
        trusts = [person.trust for person in report.annotators or []]
        assert all(trust is not None and trust < 0.5 for trust in trusts)
        assert any("hardly more than guessing" in text for text in next_texts(campaign))
        assert not any("for trust of" in text for text in next_texts(campaign))


def test_a_good_crew_is_not_called_guessers(campaign: Campaign) -> None:
    fill(campaign, 30, 20, accuracy=0.9)
    assert not any("guessing" in text for text in next_texts(campaign))


def test_one_person_alone_agrees_with_nobody_and_the_accuracy_is_called_taken(campaign: Campaign) -> None:
    campaign.set(target_redundancy=1)
    fill(campaign, 40, votes=1)
    report = quality(campaign)
    assert_json_safe(report)
    (alone,) = report.annotators or []
    assert (alone.consensus_agreement, alone.trust) == (None, None)
    text = " ".join(text_of(report).split())
    assert "That takes people to be right in 90 % of the cases; nothing measures it yet." in text
    assert "→ Ask for two votes a task." in text


@pytest.mark.parametrize("kind", ["constant", "inverted", "nought and one"])
def test_confidences_that_do_not_help_are_left_out_and_said(campaign: Campaign, kind: str) -> None:
    rng = np.random.default_rng(3)
    with campaign.at_once():
        for index in range(200):
            is_wrong = index % 4 == 0
            level = {"constant": 0.9, "inverted": 0.9 if is_wrong else 0.2}.get(kind, float(rng.random() < 0.8))
            verdict = WRONG if is_wrong else RIGHT
            known: dict[str, Any] = {"is_gold": True, "gold_answer": verdict} if index % 3 == 0 else {}
            task = campaign.add_task(predicted_confidence=level, **known)
            campaign.vote(task, verdict, verdict, verdict, refresh=False)
    report = quality(campaign)
    assert_json_safe(report)
    confidence = details(report)["model_confidence"]
    assert (confidence["used"], confidence["n_known"] > 30) == (False, True)
    assert "hardly tells right predictions from wrong ones" in " ".join(text_of(report).split())
    assert details(report)["settled"]["n_correct"] > 80


@pytest.mark.parametrize(("max_risk", "n_correct"), [(0.0, 0), (1.0, 3)])
def test_limits_of_nought_and_one_hold_in_the_report(campaign: Campaign, max_risk: float, n_correct: int) -> None:
    campaign.set(max_risk=max_risk)
    for _ in range(3):
        campaign.vote(campaign.add_task(), RIGHT, RIGHT, UNSURE)
    settled = details(quality(campaign))["settled"]
    assert (settled["n_correct"], settled["max_risk"]) == (n_correct, max_risk)


def test_a_campaign_that_is_done_says_what_is_left_to_do(campaign: Campaign) -> None:
    fill(campaign, 40, 40, accuracy=1.0)
    assert next_texts(campaign)[-1] == "nothing is left in doubt: `gonogo campaigns promote` copies 40 settled tasks"
    campaign.set(status="promoted")
    assert next_texts(campaign) == []


def test_done_but_not_accepted_names_the_price_of_knowing(campaign: Campaign) -> None:
    fill(campaign, 160, 40, accuracy=0.94)
    waiting = in_review(campaign)
    with campaign.write() as connection:  # an expert rules
        ruled = tasks.update().where(tasks.c.id.in_(waiting))
        connection.execute(ruled.values(adjudicated=True, status="resolved", consensus_verdict=RIGHT))
    report = quality(campaign)
    steps = {str(as_object(step)["step"]): as_object(step) for step in details(report)["next_steps"]}
    assert (report.accepted, details(report)["statuses"]["in_review"]) == (False, 0)
    assert list(steps)[-1] == "promote"
    assert "promote --force" in str(steps["promote"]["text"])
    more = details(report)["items_to_settle"]
    assert (steps["collect"]["n"], steps["collect"]["price"]) == (more, 3 * more)


def test_few_votes_get_no_advice_for_whole_campaigns(campaign: Campaign) -> None:
    campaign.vote(campaign.add_task(), RIGHT, RIGHT, RIGHT)
    for _ in range(4):
        campaign.add_task()
    text = text_of(quality(campaign))
    for advice in ("rare and easily missed", "shows whether people look", "two votes a task", "false reject"):
        assert advice not in text
    assert text.startswith("settled  1 as correct · 4 open")


def test_no_votes_and_no_tasks_say_the_first_step_only(campaign: Campaign) -> None:
    empty = text_of(quality(campaign))
    assert "→ Add tasks: `gonogo import`." in empty
    campaign.add_task()
    campaign.add_task(sheet_seq=1)
    begun = text_of(quality(campaign))
    assert begun.startswith("settled  nothing yet · 2 open")
    assert "→ 6 votes on 2 items that nobody has answered" in begun
    for text in (empty, begun):
        assert "●" not in text  # no gauge of an alpha that is not there
        assert "By sheet" not in text
        assert "\n\n\n" not in text

"""A campaign's posteriors are tempered by its gold and moved by the model's confidence, in refresh and submit alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gonogo.server.scoring.refresh import measure_campaign, refresh_campaign
from gonogo.server.scoring.task_scoring import load_task, rescore_task
from gonogo.server.store.schema import gold_items, tasks
from tests.server.consensus.conftest import NOW, Campaign

RIGHT, WRONG, UNSURE = VERDICTS = ("correct", "incorrect", "unsure")


def fill(campaign: Campaign, seed: int, *, informative: bool = True, n_tasks: int = 150, n_gold: int = 25) -> list[str]:
    """Three careful votes on every task; low confidence where the prediction is wrong; gold half wrong."""
    rng = np.random.default_rng(seed)
    ids = []
    with campaign.at_once():
        for index in range(n_tasks + n_gold):
            is_gold = index >= n_tasks
            truth = int(rng.random() < (0.5 if is_gold else 0.2))
            told = truth if informative else int(rng.random() < 0.2)
            level = float(rng.beta(2, 4) if told else rng.beta(5, 1.5))
            gold: dict[str, Any] = {"is_gold": True, "gold_answer": VERDICTS[truth]} if is_gold else {}
            task = campaign.add_task(predicted_confidence=level, **gold)
            said = [truth if rng.random() < 0.93 else 1 - truth for _ in range(3)]
            campaign.vote(task, *(VERDICTS[verdict] for verdict in said), refresh=False)
            ids.append(task)
    return ids


def test_confidences_that_tell_right_from_wrong_are_used_and_stored(campaign: Campaign) -> None:
    fill(campaign, 1)
    with campaign.store.read() as connection:
        found = measure_campaign(connection, campaign.row()).calibration.evidence
    assert found.is_used
    assert found.auc is not None
    assert found.auc > 0.7


def test_confidences_that_tell_nothing_change_no_posterior(campaign: Campaign) -> None:
    ids = fill(campaign, 1, informative=False)
    with campaign.store.read() as connection:
        with_levels = measure_campaign(connection, campaign.row())
    assert not with_levels.calibration.evidence.is_used
    with campaign.write() as connection:
        connection.execute(tasks.update().where(tasks.c.id.in_(ids)).values(predicted_confidence=None))
    with campaign.store.read() as connection:
        without = measure_campaign(connection, campaign.row())
    assert np.array_equal(with_levels.consensus.posterior, without.consensus.posterior)
    assert without.calibration.evidence.n_known == 0


def test_gold_with_a_seeded_error_says_nothing_of_the_model(campaign: Campaign) -> None:
    """Its confidence is that of the right reading it was made from."""
    fill(campaign, 2, n_gold=0)
    with campaign.store.read() as connection:
        before = measure_campaign(connection, campaign.row()).calibration.evidence
    with campaign.at_once():
        for number in range(30):
            seeded = {"id": f"item-{number}", "campaign_id": campaign.id, "sheet_seq": 0, "shuffle": number}
            with campaign.write() as connection:
                connection.execute(gold_items.insert().values(**seeded, error_type="digit_swap"))
            gold: dict[str, Any] = {
                "is_gold": True,
                "gold_item_id": seeded["id"],
                "gold_answer": WRONG,
                "predicted_confidence": 0.99,
            }
            campaign.vote(campaign.add_task(**gold), WRONG, WRONG, WRONG, refresh=False)
    with campaign.store.read() as connection:
        after = measure_campaign(connection, campaign.row()).calibration.evidence
    assert after.n_known == pytest.approx(before.n_known, abs=3)
    assert after.auc == pytest.approx(before.auc, abs=0.03)


def test_a_submit_after_the_refresh_weighs_a_task_as_the_refresh_did(campaign: Campaign) -> None:
    ids = fill(campaign, 3)
    with campaign.store.write() as connection:
        refresh_campaign(connection, campaign.id, NOW)
        task = load_task(connection, ids[0])
        assert task.evidence is not None
        assert task.temperature is not None
    before = campaign.statuses(ids)
    assert {status for status, _ in before} >= {"resolved"}
    with campaign.store.write() as connection:
        for task_id in ids:
            rescore_task(connection, task_id, NOW)
    assert campaign.statuses(ids) == before


def test_under_fifty_gold_answers_nothing_is_tempered(campaign: Campaign) -> None:
    fill(campaign, 4, n_gold=10)
    with campaign.store.read() as connection:
        found = measure_campaign(connection, campaign.row()).calibration
    assert found.temperature == 1.0
    assert found.reliability is None


def test_with_gold_there_is_a_reliability_table(campaign: Campaign) -> None:
    fill(campaign, 4, n_gold=40)
    with campaign.store.read() as connection:
        table = measure_campaign(connection, campaign.row()).calibration.reliability
    assert table is not None
    assert sum(row.n for row in table.bins) == 40
    assert table.error < 0.15


def test_what_is_settled_stays_settled_when_the_limit_falls_and_new_work_obeys_it(campaign: Campaign) -> None:
    ids = fill(campaign, 5)
    with campaign.store.write() as connection:
        refresh_campaign(connection, campaign.id, NOW)
    before = campaign.statuses(ids)
    campaign.set(max_risk=0.0, votes="by_risk")
    with campaign.store.write() as connection:
        refresh_campaign(connection, campaign.id, NOW)
    assert campaign.statuses(ids) == before
    new = campaign.add_task(predicted_confidence=0.99)
    campaign.vote(new, RIGHT, RIGHT, RIGHT)
    assert campaign.task(new).status == "in_review"

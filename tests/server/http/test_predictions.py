"""Imported predictions and the tasks made of them, each safe to do twice."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.server.http.conftest import on_both_databases
from tests.server.http.work import GONOGO, LABELING, PREDICTION, campaign_with, ok, predictions_in

pytestmark = on_both_databases


def some(count: int, **fields: object) -> list[dict[str, object]]:
    return [{**PREDICTION, "id": f"p-{n}", **fields} for n in range(count)]


async def test_importing_twice_adds_nothing(lead: httpx.AsyncClient) -> None:
    project, run = await predictions_in(lead, some(3))
    body = {"project_id": project, "run": "first", "predictions": some(5)}
    again = await ok(lead.post(f"{GONOGO}/predictions", json=body))
    assert again == {"calculation_id": run, "n_new": 2, "n_known": 3}
    assert await ok(lead.post(f"{GONOGO}/predictions", json=body)) == {**again, "n_new": 0, "n_known": 5}
    other = await ok(lead.post(f"{GONOGO}/predictions", json={**body, "run": "second"}))
    assert other["n_new"] == 5
    assert other["calculation_id"] != run


async def test_an_id_twice_in_one_batch_counts_once(lead: httpx.AsyncClient) -> None:
    project, _ = await predictions_in(lead, some(1))
    body = {"project_id": project, "run": "other", "predictions": some(2) + some(2)}
    stored = await ok(lead.post(f"{GONOGO}/predictions", json=body))
    assert (stored["n_new"], stored["n_known"]) == (2, 2)


@pytest.mark.parametrize("box", [[1, 2, 3], [0, 0, 0, 1], [0, 0, 1, 1, 0], [0, 0, 1, 1, 1.5], [0] * 17])
async def test_a_bad_box_is_named_and_nothing_is_stored(lead: httpx.AsyncClient, box: list[float]) -> None:
    project, _ = await predictions_in(lead, some(1))
    predictions = [*some(1), {**PREDICTION, "id": "bad", "drawing_bbox": box}]
    body = {"project_id": project, "run": "second", "predictions": predictions}
    answer = await lead.post(f"{GONOGO}/predictions", json=body)
    assert answer.status_code == 422
    (error,) = answer.json()["error"]["details"]["errors"]
    assert error["loc"] == ["body", "predictions", 1, "drawing_bbox"]
    good = {**body, "predictions": some(1)}
    assert (await ok(lead.post(f"{GONOGO}/predictions", json=good)))["n_new"] == 1


async def test_each_prediction_becomes_a_task_once(lead: httpx.AsyncClient) -> None:
    project, run = await predictions_in(lead, some(3))
    campaign = await ok(lead.post(f"{GONOGO}/projects/{project}/campaigns", json={"name": "c", "gold_fraction": 0}))
    path = f"{GONOGO}/campaigns/{campaign['id']}/tasks-from-predictions"
    first = await ok(lead.post(path, json={"calculation_id": run}))
    rest = {"n_merged": 0, "next": None, "updates": None}
    assert first == {"n_tasks": 3, "n_gold": 0, "n_skipped": 0, **rest}
    await ok(lead.post(f"{GONOGO}/predictions", json={"project_id": project, "run": "first", "predictions": some(5)}))
    again = await ok(lead.post(path, json={"calculation_id": run}))
    assert again == {"n_tasks": 2, "n_gold": 0, "n_skipped": 3, **rest}
    tasks = await ok(lead.get(f"{LABELING}/campaigns/{campaign['id']}/tasks"))
    assert tasks["count"] == 5
    assert {task["calculation_id"] for task in tasks["data"]} == {run}


async def test_gold_from_truth_knows_the_right_answers(lead: httpx.AsyncClient) -> None:
    right = some(20, truth={"text": "Ø 16.5 +0.1 0"})
    wrong = [{**item, "id": f"w-{n}", "truth": {"text": "⌀61,5"}} for n, item in enumerate(right)]
    project, run = await predictions_in(lead, right + wrong)
    campaign = await ok(lead.post(f"{GONOGO}/projects/{project}/campaigns", json={"name": "c", "gold_fraction": 0.5}))
    path = f"{GONOGO}/campaigns/{campaign['id']}/tasks-from-predictions"
    made = await ok(lead.post(path, json={"calculation_id": run, "gold_from_truth": True}))
    assert made["n_gold"] > 0
    assert made["n_gold"] + made["n_tasks"] == 40
    lines = (await lead.get(f"{GONOGO}/campaigns/{campaign['id']}/export")).text.splitlines()
    answers = {line["prediction_id"]: line["gold_answer"] for line in map(json.loads, lines) if line["is_gold"]}
    assert len(answers) == made["n_gold"]
    for name, answer in answers.items():
        if name.startswith("p-"):
            assert answer == "correct"
        else:
            assert json.loads(answer) == {"verdict": "incorrect", "corrected_value": {"text": "⌀61,5"}}


@pytest.mark.parametrize(("unit", "answer"), [("mm", "correct"), ("in", "incorrect"), (None, "incorrect")])
async def test_a_unit_is_assumed_only_where_the_campaign_names_it(
    lead: httpx.AsyncClient, unit: str | None, answer: str
) -> None:
    project, run = await predictions_in(
        lead, some(1, predicted_value={"value": 12.5, "unit": "mm"}, truth={"text": "12,5"})
    )
    campaign = await ok(lead.post(f"{GONOGO}/projects/{project}/campaigns", json={"name": "c", "gold_fraction": 0.9}))
    path = f"{GONOGO}/campaigns/{campaign['id']}"
    await ok(lead.patch(f"{path}/settings", json={"unit": unit}))
    assert (await lead.patch(f"{path}/settings", json={"unit": "furlong"})).status_code == 422
    made = await ok(lead.post(f"{path}/tasks-from-predictions", json={"calculation_id": run, "gold_from_truth": True}))
    assert made["n_gold"] == 1
    (line,) = (await lead.get(f"{path}/export")).text.splitlines()
    gold = json.loads(line)["gold_answer"]
    assert (gold if answer == "correct" else json.loads(gold)["verdict"]) == answer


async def test_what_is_not_there_is_404_and_a_closed_campaign_409(lead: httpx.AsyncClient) -> None:
    _, run = await predictions_in(lead, some(1))
    campaign = await campaign_with(lead, 0)
    path = f"{GONOGO}/campaigns/{campaign}/tasks-from-predictions"
    assert (await lead.post(path, json={"calculation_id": "none"})).status_code == 404
    assert (await lead.post(path.replace(campaign, run), json={"calculation_id": run})).status_code == 404
    body = {"project_id": "none", "run": "r", "predictions": some(1)}
    assert (await lead.post(f"{GONOGO}/predictions", json=body)).status_code == 404
    await ok(lead.post(f"{LABELING}/campaigns/{campaign}/close"))
    answer = await lead.post(path, json={"calculation_id": run})
    assert answer.json()["error"]["details"]["reason"] == "campaign_closed"


async def test_settings_change_one_by_one(lead: httpx.AsyncClient) -> None:
    campaign = await campaign_with(lead, 0)
    before = await ok(lead.get(f"{GONOGO}/campaigns/{campaign}"))
    path = f"{GONOGO}/campaigns/{campaign}/settings"
    changed = await ok(lead.patch(path, json={"lease_minutes": 20}))
    assert changed == {**before, "settings": {**before["settings"], "lease_minutes": 20}}
    changed = await ok(
        lead.patch(path, json={"guideline": "Read **every** digit.", "max_risk": 0.1, "votes": "by_risk"})
    )
    assert changed["settings"] == {
        "lease_minutes": 20,
        "max_risk": 0.1,
        "votes": "by_risk",
        "min_votes": 1,
        "trailing_zeros_matter": False,
        "grouping": False,
        "unit": None,
        "guideline": "Read **every** digit.",
    }
    assert await ok(lead.patch(path, json={})) == changed
    assert (await lead.patch(path, json={"lease_minutes": 61})).status_code == 422
    assert isinstance(changed["number"], int)

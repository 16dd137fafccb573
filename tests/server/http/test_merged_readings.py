"""Several readings of one place: one question, and a verdict on the record of each reader."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.server.http.conftest import on_both_databases
from tests.server.http.work import GONOGO, LABELING, PREDICTION, ok, person, predictions_in, session_of

pytestmark = on_both_databases

Predictions = list[dict[str, Any]]


def place(name: str, x: float, **texts: str) -> Predictions:
    """Readings of one box by several readers."""
    box = [x, 0.1, x + 0.1, 0.2]
    return [
        {**PREDICTION, "id": f"{name}-{reader}", "source": reader, "drawing_bbox": box, "part_revision_id": "rev",
         "predicted_value": {"text": text}, "predicted_confidence": None}
        for reader, text in texts.items()
    ]  # fmt: skip


def by_reader(*places: Predictions) -> Predictions:
    """The same as a file that has the lines of one reader after those of the other."""
    return sorted((line for lines in places for line in lines), key=lambda line: str(line["source"]))


async def campaign_of(
    lead: httpx.AsyncClient, predictions: Predictions, *, merge: bool = True, limit: int | None = None, **fields: Any
) -> tuple[str, dict[str, Any], str]:
    """A campaign of merged predictions, what was made of them, and the run."""
    project, run = await predictions_in(lead, predictions)
    body = {"name": "c", "gold_fraction": 0, "target_redundancy": 1, **fields}
    campaign = (await ok(lead.post(f"{GONOGO}/projects/{project}/campaigns", json=body)))["id"]
    body = {"calculation_id": run, "merge_readings": merge, "gold_from_truth": bool(fields.get("gold_fraction"))}
    total: dict[str, Any] = {}
    after = None
    while True:
        sent = {**body, "limit": limit, "after": after}
        step = await ok(lead.post(f"{GONOGO}/campaigns/{campaign}/tasks-from-predictions", json=sent))
        after = step.pop("next")
        step.pop("updates")
        total = {name: total.get(name, 0) + count for name, count in step.items()}
        if after is None:
            return campaign, total, run


async def lines_of(lead: httpx.AsyncClient, campaign: str, path: str = "export") -> list[dict[str, Any]]:
    answer = await lead.get(f"{GONOGO}/campaigns/{campaign}/{path}")
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.mark.parametrize("limit", [None, 2])
async def test_one_question_a_place_and_each_record_in_one(lead: httpx.AsyncClient, limit: int | None) -> None:
    wanted = by_reader(
        place("one", 0.1, a="16,5", b="Ø16,5", c="⌀16.5"),
        place("two", 0.4, a="20", b="20", c="R20"),
        place("three", 0.7, b="7"),
    )
    campaign, counts, run = await campaign_of(lead, wanted, limit=limit)
    assert (counts["n_tasks"], counts["n_gold"], counts["n_merged"]) == (3, 0, 4)
    again = await ok(
        lead.post(
            f"{GONOGO}/campaigns/{campaign}/tasks-from-predictions",
            json={"calculation_id": run, "merge_readings": True},
        )
    )
    assert again == {"n_tasks": 0, "n_gold": 0, "n_skipped": 7, "n_merged": 0, "next": None, "updates": None}
    tasks = await ok(lead.get(f"{LABELING}/campaigns/{campaign}/tasks"))
    others = {task["predicted_value"]["text"]: task["other_readings"] for task in tasks["data"]}
    assert others == {"Ø16,5": [{"text": "16,5"}], "20": [{"text": "R20"}], "7": None}
    lines = await lines_of(lead, campaign)
    assert sorted([line["prediction_id"], *(one["prediction_id"] for one in line["readings"])] for line in lines) == [
        ["one-b", "one-a", "one-c"],
        ["three-b"],
        ["two-a", "two-b", "two-c"],
    ]
    assert (await ok(lead.get(f"{LABELING}/campaigns/{campaign}")))["task_count"] == 3


async def test_without_the_wish_each_prediction_is_a_task(lead: httpx.AsyncClient) -> None:
    campaign, counts, _ = await campaign_of(lead, place("one", 0.1, a="16,5", b="Ø16,5"), merge=False)
    assert (counts["n_tasks"], counts["n_merged"]) == (2, 0)
    assert all(line["readings"] == [] for line in await lines_of(lead, campaign))


async def test_an_annotator_gets_the_other_values_and_nothing_of_their_readers(lead: httpx.AsyncClient) -> None:
    campaign, _, _ = await campaign_of(lead, place("one", 0.1, a="16,5", b="Ø16,5", c="R9"))
    async with person(lead, await session_of(lead, campaign, "anna@example.com")) as anna:
        served = await ok(anna.post(f"{LABELING}/campaigns/{campaign}/next-task"))
    assert served["other_readings"] == [{"text": "Ø16,5"}, {"text": "R9"}]
    assert "one-" not in json.dumps(served)
    assert not {"source", "readings"} & set(served)


async def test_each_record_gets_its_verdict_from_the_one_answer(lead: httpx.AsyncClient) -> None:
    wanted = [
        *place("fixed", 0.1, a="16,5", b="Ø16,5", c="R9"),
        *place("right", 0.3, a="20", b="20,0", c="R20"),
        *place("bare", 0.5, a="7", b="8", c="7.0"),
        *place("unsure", 0.7, a="1", b="2"),
        *place("open", 0.9, a="3", b="4"),
    ]
    campaign, counts, run = await campaign_of(lead, wanted)
    assert counts["n_tasks"] == 5
    answers = {
        "fixed-a": {"verdict": "incorrect", "corrected_value": {"text": "⌀16.5"}},
        "right-a": {"verdict": "correct"},
        "bare-a": {"verdict": "incorrect"},
        "unsure-a": {"verdict": "unsure"},
    }
    for line in await lines_of(lead, campaign):
        if answer := answers.get(line["prediction_id"]):
            await ok(lead.post(f"{LABELING}/tasks/{line['task_id']}/adjudicate", json=answer))
    known = {}
    for line in await lines_of(lead, campaign):
        assert line["source"] == "a"
        for one in line["readings"]:
            known[one["prediction_id"]] = (one["source"], one["verdict"], one["corrected_value"])
    assert known == {
        "fixed-b": ("b", "correct", None),
        "fixed-c": ("c", "incorrect", {"text": "⌀16.5"}),
        "right-b": ("b", "correct", None),
        "right-c": ("c", "incorrect", {"text": "20"}),
        "bare-b": ("b", None, None),
        "bare-c": ("c", "incorrect", None),
        "unsure-b": ("b", "unsure", None),
        "open-b": ("b", None, None),
    }
    settled = await lines_of(lead, campaign, "export/settled")
    assert {line["prediction_id"] for line in settled} == set(answers)
    assert {one["prediction_id"]: one["verdict"] for line in settled for one in line["readings"]} == {
        name: verdict for name, (_, verdict, _value) in known.items() if name != "open-b"
    }
    project = (await ok(lead.get(f"{LABELING}/campaigns/{campaign}")))["project_id"]
    report = await ok(lead.get(f"{GONOGO}/projects/{project}/model-report", params={"run": run}))
    readers = {group["name"]: (group["n"], group["n_known"], group["n_right"]) for group in report["by_reader"]}
    assert readers == {"a": (5, 3, 1), "b": (5, 2, 2), "c": (3, 3, 0)}


async def test_gold_looks_like_any_other_question(lead: httpx.AsyncClient) -> None:
    """Its copies offer the other readings of their place, and the share of gold is one of questions."""
    wanted = [
        {**line, "truth": {"text": f"{n}"}}
        for n in range(20)
        for line in place(f"{n}", n / 100, a=f"{n}", b=f"R{n}", c=f"{n}.0")
    ]
    for line in wanted:
        n = int(line["id"].partition("-")[0])
        line["drawing_bbox"] = [n / 25, 0.1, n / 25 + 0.01, 0.2]
    campaign, counts, _ = await campaign_of(lead, wanted, gold_fraction=0.2, target_redundancy=2)
    assert (counts["n_tasks"], counts["n_gold"], counts["n_merged"]) == (16, 4, 40)
    shapes: dict[bool, set[int]] = {True: set(), False: set()}
    tasks = await ok(lead.get(f"{LABELING}/campaigns/{campaign}/tasks"))
    for task in tasks["data"]:
        shapes[task["is_gold"]].add(len(task["other_readings"]))
    assert shapes == {True: {1}, False: {1}}


async def test_a_newer_run_replaces_no_question_of_several_readings(lead: httpx.AsyncClient) -> None:
    """One of several readings can't be replaced alone; the campaign stays as it is."""
    campaign, _, run = await campaign_of(lead, place("one", 0.1, a="16,5", b="Ø16,5"))
    before = await lines_of(lead, campaign)
    path = f"{GONOGO}/campaigns/{campaign}/tasks-from-predictions"
    answer = await lead.post(path, json={"calculation_id": run, "update": True})
    assert (answer.status_code, answer.json()["error"]["details"]["reason"]) == (409, "merged_readings")
    assert await lines_of(lead, campaign) == before


async def test_a_project_merges_the_readings_of_several_runs(lead: httpx.AsyncClient) -> None:
    """The policy sees the asked reading alone; what was merged once isn't asked again."""
    project, first = await predictions_in(lead, [*place("one", 0.1, ocr="16,5"), *place("two", 0.4, ocr="20")])
    policy = {"project_id": project, "run": "second"}
    other = [*place("one", 0.1, ocr="⌀16,5"), *place("three", 0.7, ocr="7")]
    second = (await ok(lead.post(f"{GONOGO}/predictions", json={**policy, "predictions": other})))["calculation_id"]
    campaign = {"name": "both", "gold_fraction": 0}
    body = {"calculation_ids": [first, second], "campaign": campaign, "merge_readings": True}
    path = f"{LABELING}/projects/{project}/generate-tasks"
    plan = await ok(lead.post(f"{GONOGO}/projects/{project}/generate-tasks/preview", json=body))
    generated = await ok(lead.post(path, json=body))
    counts = {"n_candidates": 4, "n_eligible": 3, "n_skipped": 0, "n_tasks": 3, "n_merged": 1}
    for answer in (plan, generated):
        assert {name: answer[name] for name in counts} == counts
    lines = await lines_of(lead, generated["campaign"]["id"])
    merged = {line["prediction_id"]: [one["prediction_id"] for one in line["readings"]] for line in lines}
    assert merged == {"one-ocr": ["one-ocr"], "two-ocr": [], "three-ocr": []}
    again = await ok(lead.post(path, json={**body, "campaign": {"name": "again"}}))
    assert (again["n_tasks"], again["n_skipped"], again["n_merged"]) == (0, 4, 0)


async def test_an_expert_sees_all_readings_with_their_readers(lead: httpx.AsyncClient) -> None:
    campaign, _, _ = await campaign_of(
        lead, [*place("one", 0.1, a="10", b="16,5", c="16.5"), *place("two", 0.5, a="7")]
    )
    for line in await lines_of(lead, campaign):
        detail = await ok(lead.get(f"{GONOGO}/tasks/{line['task_id']}/review"))
        readings = [(one["source"], one["value"]["text"], one["asked"]) for one in detail["readings"]]
        asked = [("b", "16,5", True), ("a", "10", False), ("c", "16.5", False)]
        assert readings == (asked if line["prediction_id"] == "one-b" else [])


async def test_a_value_made_wrong_on_purpose_offers_as_many_others_as_any(lead: httpx.AsyncClient) -> None:
    """Neither their number nor what they are tells which question was made up."""
    wanted = [
        {**line, "truth": {"text": f"{n + 10},5"}, "drawing_bbox": [n / 25, 0.1, n / 25 + 0.01, 0.2]}
        for n in range(20)
        for line in place(f"{n}", 0.1, a=f"{n + 10},5", b=f"{n + 10}.5", c=f"R{n + 10},5")
    ]
    policy = {"strategy": "all", "seeded_wrong": 1.0, "seed": 7}
    project = (await ok(lead.post(f"{LABELING}/projects", json={"name": "s", "selection_policy": policy})))["id"]
    body = {"project_id": project, "run": "first", "predictions": wanted}
    run = (await ok(lead.post(f"{GONOGO}/predictions", json=body)))["calculation_id"]
    asked = {"calculation_ids": [run], "campaign": {"name": "c", "gold_fraction": 0.3}, "merge_readings": True}
    generated = await ok(lead.post(f"{LABELING}/projects/{project}/generate-tasks", json=asked))
    assert (generated["n_tasks"], generated["n_honeypots"], generated["n_merged"]) == (14, 6, 40)
    lines = await lines_of(lead, generated["campaign"]["id"])
    wrong = [line for line in lines if line["error_type"]]
    assert len(wrong) >= 4
    tasks = await ok(lead.get(f"{LABELING}/campaigns/{generated['campaign']['id']}/tasks"))
    others = {task["id"]: [value["text"] for value in task["other_readings"]] for task in tasks["data"]}
    for line in lines:
        assert line["predicted_value"]["text"] not in others[line["task_id"]]
        assert len(others[line["task_id"]]) == 1

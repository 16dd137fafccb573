"""Changing an answer while its task is open: the last one counts, both are kept, gold goes by the first."""

from __future__ import annotations

import json
from typing import Any

import httpx
from sqlalchemy import select

from gonogo.server.store.schema import cases, tasks
from tests.server.review.conftest import Bench
from tests.server.web import LABELING, OURS


async def amend(person: httpx.AsyncClient, task: str, **body: Any) -> httpx.Response:
    return await person.post(f"{OURS}/tasks/{task}/amend", json=body)


async def detail(bench: Bench, task: str) -> dict[str, Any]:
    found: dict[str, Any] = (await bench.web.lead.get(f"{OURS}/tasks/{task}/review")).json()
    return found


async def test_the_last_answer_counts_and_the_expert_sees_the_first(bench: Bench) -> None:
    task = await bench.task()
    await bench.vote(task, ann=("incorrect", "16,6"))
    ann = await bench.person("ann")
    changed = await amend(ann, task, verdict="correct", confidence=0.8, duration_ms=900, note="misread")
    assert changed.status_code == 201
    assert {key: changed.json()[key] for key in ("task_id", "verdict", "corrected_value", "duration_ms")} == {
        "task_id": task, "verdict": "correct", "corrected_value": None, "duration_ms": 900,
    }  # fmt: skip
    await bench.vote(task, bob="correct")
    settled = await detail(bench, task)
    assert (settled["task"]["consensus_verdict"], settled["task"]["submission_count"]) == ("correct", 2)
    first = settled["votes"][0]
    assert (first["verdict"], first["first_verdict"], first["first_value"], first["note"]) == (
        "correct", "incorrect", {"text": "16,6"}, "misread",
    )  # fmt: skip
    assert settled["votes"][1]["first_verdict"] is None


async def test_an_answer_changed_twice_keeps_all_three(bench: Bench) -> None:
    task = await bench.task()
    await bench.vote(task, ann="unsure")
    ann = await bench.person("ann")
    await amend(ann, task, verdict="incorrect")
    await amend(ann, task, verdict="correct")
    async with bench.api() as api:
        (line,) = [line async for line in api.export_lines(bench.campaign)]
    record = json.loads(line)
    assert [(each["before"]["verdict"], each["after"]["verdict"]) for each in record["amendments"]] == [
        ("unsure", "incorrect"), ("incorrect", "correct"),
    ]  # fmt: skip
    assert record["submissions"][0]["verdict"] == "correct"
    assert {each["submission_id"] for each in record["amendments"]} == {record["submissions"][0]["id"]}
    (mine,) = (await ann.get(f"{OURS}/campaigns/{bench.campaign}/submissions")).json()["data"]
    assert mine["verdict"] == "correct"
    assert mine["amended_at"]
    assert (await detail(bench, task))["votes"][0]["first_verdict"] == "unsure"


async def test_what_is_settled_in_review_closed_or_never_answered_is_refused(bench: Bench) -> None:
    settled, conflict, unanswered, late = [await bench.task() for _ in range(4)]
    await bench.vote(settled, ann="correct", bob="correct")
    await bench.vote(conflict, ann="correct", bob="incorrect")
    await bench.vote(late, ann="correct")
    ann = await bench.person("ann")

    async def refusal(task: str) -> tuple[int, str]:
        answer = await amend(ann, task, verdict="unsure")
        return answer.status_code, answer.json()["error"]["details"]["reason"]

    assert await refusal(settled) == await refusal(conflict) == (409, "task_resolved")
    assert await refusal(unanswered) == (409, "not_submitted")
    assert (await amend(ann, late, verdict="maybe")).status_code == 422
    await bench.web.lead.post(f"{LABELING}/campaigns/{bench.campaign}/close")
    assert await refusal(late) == (409, "campaign_closed")
    assert (await detail(bench, settled))["votes"][0]["verdict"] == "correct"


async def test_nobody_changes_the_answer_of_somebody_else(bench: Bench) -> None:
    task = await bench.task()
    await bench.vote(task, ann="correct")
    answer = await amend(await bench.person("bob"), task, verdict="incorrect")
    assert answer.json()["error"]["details"]["reason"] == "not_submitted"
    assert [vote["verdict"] for vote in (await detail(bench, task))["votes"]] == ["correct"]


async def test_the_results_api_lists_a_changed_answer_as_a_change(bench: Bench) -> None:
    task = await bench.task()
    await bench.vote(task, ann="correct")

    def change_number() -> int:
        with bench.web.house.read() as connection:
            query = select(cases.c.seq).join(tasks, tasks.c.number == cases.c.task_number).where(tasks.c.id == task)
            return int(connection.execute(query).scalar_one())

    before = change_number()
    await amend(await bench.person("ann"), task, verdict="incorrect")
    assert change_number() > before


async def test_gold_is_scored_by_the_first_answer_and_shows_its_voter_the_last(bench: Bench) -> None:
    campaign = await bench.web.campaign(gold_fraction=0.5, target_redundancy=3)
    gold = [{"is_gold": True, "gold_answer": "correct", "predicted_value": {"text": f"{n}"}} for n in range(12)]
    await bench.web.add(campaign, *({"predicted_value": {"text": f"{n},5"}} for n in range(12)), *gold)
    person = await bench.web.sign_in(campaign, "dan@works.test")
    answers: dict[str, tuple[int, dict[str, Any]]] = {}
    for _ in range(12):
        task = (await person.post(f"{LABELING}/campaigns/{campaign}/next-task")).json()["id"]
        await person.post(f"{LABELING}/tasks/{task}/submit", json={"verdict": "correct"})
        changed = await amend(person, task, verdict="incorrect")
        answers[task] = changed.status_code, changed.json()
    assert {status for status, _ in answers.values()} == {201}
    assert {body["verdict"] for _, body in answers.values()} == {"incorrect"}
    mine = (await person.get(f"{OURS}/campaigns/{campaign}/submissions")).json()["data"]
    assert {vote["verdict"] for vote in mine} == {"incorrect"}
    theirs = (await bench.web.lead.get(f"{OURS}/campaigns/{campaign}/submissions")).json()["data"]
    listed = (await bench.web.lead.get(f"{LABELING}/campaigns/{campaign}/tasks", params={"limit": 500})).json()["data"]
    is_gold = {task["id"]: task["is_gold"] for task in listed}
    assert {(is_gold[vote["task_id"]], vote["verdict"]) for vote in theirs} == {(True, "correct"), (False, "incorrect")}
    await person.aclose()

"""One adjudication: what the expert sees, what the ruling does, and what becomes of it as gold."""

from __future__ import annotations

import json

import pytest

from gonogo.client.errors import ConflictError
from gonogo.json_types import as_object
from gonogo.schemas.review import GoldDecision, RulingCreate
from gonogo.server.store.schema import campaigns
from tests.server.review.conftest import Bench
from tests.server.web import LABELING, OURS


async def test_everything_for_one_adjudication_with_names_only_on_request(bench: Bench) -> None:
    task = await bench.task(predicted_value={"text": "⌀16,5"}, n_required=4)
    await bench.vote(
        task, ann="correct", bob=("incorrect", "⌀16,6"), cem=("incorrect", "Ø16.60"), dan=("incorrect", "dia 16,5")
    )
    async with bench.api() as api:
        seen = await api.review_task(task)
        named = await api.review_task(task, names=True)
    assert [(vote.label, vote.verdict, vote.duration_ms) for vote in seen.votes] == [
        ("A", "correct", 3000),
        ("B", "incorrect", 3000),
        ("C", "incorrect", 3000),
        ("D", "incorrect", 3000),
    ]
    assert all(vote.voter_id is None and vote.voter_name is None for vote in seen.votes)
    assert bench.ids["ann"] not in seen.model_dump_json()
    assert [vote.voter_name for vote in named.votes][:1] == ["ann@works.test"]
    first, second = seen.groups
    assert (first.labels, first.as_predicted, first.against) == (["B", "C"], False, None)
    assert [member.reason.split(":")[0] for member in first.members] == ["same", "same"]
    assert (second.labels, second.as_predicted) == (["D"], True)
    assert second.against is not None
    assert second.against.startswith("differs:")
    assert sum(seen.now.posterior.values()) == pytest.approx(1)
    by_kind = {(p.verdict, p.group): p for p in seen.possible}
    assert set(by_kind) == {
        ("correct", None),
        ("incorrect", 0),
        ("incorrect", 1),
        ("incorrect", None),
        ("unsure", None),
    }
    uphold, take_first = by_kind["correct", None], by_kind["incorrect", 0]
    assert (uphold.upholds, uphold.overrules, uphold.after.agreement) == (["A"], ["B", "C", "D"], 0.25)
    assert (take_first.upholds, take_first.overrules) == (["B", "C"], ["A", "D"])
    assert take_first.after.posterior == {"correct": 0, "incorrect": 1, "unsure": 0}
    assert take_first.probability > uphold.probability
    assert (seen.own_vote, seen.adjudicated, seen.rulings) == (False, False, [])
    assert "lost_tolerance" in seen.error_types


async def test_a_ruling_settles_the_task_and_is_repeated_byte_for_byte(bench: Bench) -> None:
    task = await bench.task()
    await bench.vote(task, ann="correct", bob=("incorrect", "16,6"))
    body = {"verdict": "incorrect", "corrected_value": {"text": "16,6"}, "note": "see view A", "error_type": "digit"}
    path, key = f"{OURS}/tasks/{task}/ruling", {"Idempotency-Key": "ruling-1"}
    made = await bench.web.lead.post(path, json=body, headers=key)
    again = await bench.web.lead.post(path, json=body, headers=key)
    assert made.status_code == again.status_code == 201
    assert again.json() == made.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    found = made.json()
    assert (found["task"]["status"], found["task"]["consensus_value"]) == ("resolved", {"text": "16,6"})
    assert (found["ruling"]["note"], found["ruling"]["error_type"]) == ("see view A", "digit")
    assert await bench.ids_in_queue() == []


async def test_when_another_expert_was_first_both_rulings_are_shown(bench: Bench) -> None:
    task = await bench.task()
    await bench.vote(task, ann="correct", bob="incorrect")
    rita, rolf = await bench.person("rita", "reviewer"), await bench.person("rolf", "reviewer")
    path = f"{OURS}/tasks/{task}/ruling"
    assert (await rita.post(path, json={"verdict": "correct", "note": "first"})).status_code == 201
    late = await rolf.post(path, json={"verdict": "incorrect", "corrected_value": {"text": "9"}})
    assert late.status_code == 409
    details = late.json()["error"]["details"]
    assert details["reason"] == "task_resolved"
    assert (details["earlier"]["verdict"], details["earlier"]["note"], details["earlier"]["by_you"]) == (
        "correct",
        "first",
        False,
    )
    assert details["yours"]["corrected_value"] == {"text": "9"}
    assert bench.ids["rita"] not in late.text
    over = await rolf.post(path, json={"verdict": "incorrect", "corrected_value": {"text": "9"}, "override": True})
    assert over.status_code == 201
    async with bench.api() as api:
        seen = await api.review_task(task, names=True)
    assert [(r.verdict, r.superseded, r.expert_name) for r in seen.rulings] == [
        ("correct", True, "rita@works.test"),
        ("incorrect", False, "rolf@works.test"),
    ]
    assert seen.task.consensus_verdict == "incorrect"


@pytest.mark.parametrize("first", ["adjudicate", "ruling"])
async def test_the_published_adjudication_and_our_ruling_leave_the_same_record(bench: Bench, first: str) -> None:
    task = await bench.task()
    await bench.vote(task, ann="correct", bob=("incorrect", "9"))
    ways = {"adjudicate": f"{LABELING}/tasks/{task}/adjudicate", "ruling": f"{OURS}/tasks/{task}/ruling"}
    rita, rolf = await bench.person("rita", "reviewer"), await bench.person("rolf", "reviewer")
    nine = {"verdict": "incorrect", "corrected_value": {"text": "9"}}
    assert (await rita.post(ways[first], json=nine)).is_success
    async with bench.api() as api:
        with pytest.raises(ConflictError) as refused:
            await api.rule(task, RulingCreate(verdict="unsure"))
        (standing,) = (await api.review_task(task, names=True)).rulings
    earlier = as_object(refused.value.details["earlier"])
    assert (refused.value.reason, earlier["verdict"]) == ("task_resolved", "incorrect")
    assert (standing.verdict, standing.corrected_value, standing.note) == ("incorrect", {"text": "9"}, None)
    assert (standing.expert_name, standing.superseded, standing.gold_status) == ("rita@works.test", False, None)
    assert standing.created_at is not None

    (other,) = ways.keys() - {first}  # who rules after all replaces the ruling, whichever way
    over = {"verdict": "unsure"} | ({"override": True} if other == "ruling" else {})
    assert (await rolf.post(ways[other], json=over)).is_success
    exported = await bench.web.lead.get(f"{OURS}/campaigns/{bench.campaign}/export")
    (record,) = [json.loads(line) for line in exported.text.splitlines()]
    assert [(r["expert_id"], r["verdict"], r["superseded"]) for r in record["rulings"]] == [
        (bench.ids["rita"], "incorrect", True),
        (bench.ids["rolf"], "unsure", False),
    ]
    assert (record["adjudicated"], record["consensus_verdict"]) == (True, "unsure")
    number = (await bench.web.lead.get(f"{OURS}/campaigns/{bench.campaign}")).json()["number"]
    listed = await bench.web.lead.get("/results/public/v1/list", params={"task_id": number})
    (case,) = listed.json()["payload"]
    assert (case["labeling_state"], case["correct_label"], case["gonogo"]["adjudicated"]) == ("Labeled", "unsure", True)


async def test_who_may_rule_and_on_what(bench: Bench) -> None:
    task = await bench.task()
    await bench.vote(task, ann="correct", bob="incorrect")
    rita = await bench.person("rita", "reviewer")
    path = f"{OURS}/tasks/{task}/ruling"
    assert (await bench.people["ann"].post(path, json={"verdict": "correct"})).status_code == 403
    for body in ({"verdict": "fine"}, {"verdict": "correct", "corrected_value": {"text": "1"}}, {}):
        assert (await rita.post(path, json=body)).status_code == 422, body
    other = await bench.web.campaign()
    stranger = await bench.web.sign_in(other, "sam@works.test", "reviewer")
    assert (await stranger.post(path, json={"verdict": "correct"})).status_code == 404
    listed = (await bench.web.lead.get(f"{LABELING}/campaigns/{bench.campaign}/assignments")).json()["data"]
    hers = next(a["id"] for a in listed if a["annotator_email"].startswith("rita"))
    await bench.web.lead.delete(f"{LABELING}/campaigns/{bench.campaign}/assignments/{hers}")
    assert (await rita.post(path, json={"verdict": "correct"})).status_code == 401  # revoked in mid-work
    assert await bench.ids_in_queue() == [task]
    await stranger.aclose()


async def test_a_ruling_becomes_gold_that_no_earlier_voter_meets(bench: Bench) -> None:
    with bench.web.house.store.write() as connection:
        connection.execute(campaigns.update().values(gold_fraction=0.9))
    task = await bench.task(predicted_value={"text": "16,5"})
    await bench.vote(task, ann="correct", bob=("incorrect", "16,6"))
    path = f"{OURS}/tasks/{task}/ruling"
    body = {"verdict": "incorrect", "corrected_value": {"text": "16,6"}, "error_type": "digit", "gold_candidate": True}
    rita = await bench.person("rita", "reviewer")
    assert (await rita.post(path, json=body)).status_code == 201
    async with bench.api() as api:
        (candidate,) = (await api.gold_candidates(bench.campaign)).data
        assert (candidate.task.id, candidate.ruling.error_type) == (task, "digit")
        ruling = candidate.ruling.id
        assert ruling is not None
        refused = await rita.post(f"{OURS}/rulings/{ruling}/gold", json={"accept": True})
        assert refused.status_code == 403
        accepted = await api.decide_gold(ruling, GoldDecision(accept=True))
        assert accepted.gold_status == "accepted"
        assert (await api.decide_gold(ruling, GoldDecision(accept=True))).gold_task_id == accepted.gold_task_id
        assert (await api.gold_candidates(bench.campaign)).count == 0
        assert (await api.gold_candidates(bench.campaign, status="accepted")).count == 1
        tasks = await api.list_tasks(bench.campaign)
    gold = [t for t in tasks.data if t.is_gold]
    assert [t.id for t in gold] == [accepted.gold_task_id]
    await bench.web.add(bench.campaign, *({"predicted_value": {"text": str(n)}} for n in range(8)))
    bench.web.house.rng.seed(3)
    served: dict[str, set[str]] = {}
    for name in ("ann", "zoe"):
        client = await bench.person(name)
        served[name] = set()
        for _ in range(10):
            answer = (await client.post(f"{LABELING}/campaigns/{bench.campaign}/next-task")).json()
            if answer is None:
                break
            served[name].add(answer["predicted_value"]["text"])
            await client.post(f"{LABELING}/tasks/{answer['id']}/submit", json={"verdict": "correct"})
    assert "16,5" in served["zoe"]
    assert "16,5" not in served["ann"]

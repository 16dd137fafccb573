"""Notes with votes, and questions that an annotator gives to the lead: stored, never served again, first in review."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.server.review.conftest import Bench
from tests.server.web import LABELING, OURS


async def claim(bench: Bench, person: httpx.AsyncClient) -> str | None:
    answer = await person.post(f"{LABELING}/campaigns/{bench.campaign}/next-task")
    assert answer.status_code == 200, answer.text
    return answer.json()["id"] if answer.json() else None


async def ask(person: httpx.AsyncClient, task: str, **body: Any) -> httpx.Response:
    return await person.post(f"{OURS}/tasks/{task}/help", json=body)


async def left(bench: Bench, person: httpx.AsyncClient) -> tuple[int, int]:
    view = (await person.get(f"{OURS}/campaigns/{bench.campaign}/queue")).json()
    return view["left_for_me"], view["done_by_me"]


async def test_a_question_given_to_the_lead_is_free_for_others_and_never_served_to_that_person_again(
    bench: Bench,
) -> None:
    first, second = await bench.task(), await bench.task()
    ann, bob = await bench.person("ann"), await bench.person("bob")
    assert await claim(bench, ann) == first
    asked = await ask(ann, first, reason="unreadable", note="smudged")
    assert asked.status_code == 201
    assert {key: asked.json()[key] for key in ("task_id", "reason", "note")} == {
        "task_id": first, "reason": "unreadable", "note": "smudged",
    }  # fmt: skip
    assert await left(bench, ann) == (1, 1)
    assert await claim(bench, ann) == second
    await bench.vote(second, ann="correct")
    assert await claim(bench, ann) is None
    assert await left(bench, ann) == (0, 2)
    served = {await claim(bench, bob), await claim(bench, bob)}
    assert served == {first, second}


async def test_asking_again_changes_the_words_and_counts_once(bench: Bench) -> None:
    task, _other = await bench.task(), await bench.task()
    ann = await bench.person("ann")
    await claim(bench, ann)
    first = (await ask(ann, task, reason="unreadable")).json()
    again = (await ask(ann, task, note="two readings: 3 or 8")).json()
    assert (again["id"], again["reason"], again["note"]) == (first["id"], None, "two readings: 3 or 8")
    assert await left(bench, ann) == (1, 1)


async def test_an_answer_after_asking_counts_no_second_time(bench: Bench) -> None:
    task, _other = await bench.task(), await bench.task()
    ann = await bench.person("ann")
    await claim(bench, ann)
    await ask(ann, task, reason="unreadable")
    await bench.vote(task, ann="correct")
    assert await left(bench, ann) == (1, 1)


async def test_a_request_without_reason_and_words_is_refused(bench: Bench) -> None:
    task, ann = await bench.task(), await bench.person("ann")
    for body in ({}, {"note": "  "}):
        refused = await ask(ann, task, **body)
        assert refused.status_code == 422
        assert refused.json()["error"]["details"]["errors"][0]["msg"] == "Give a reason or a note."


async def test_who_asked_may_still_answer(bench: Bench) -> None:
    task, ann = await bench.task(), await bench.person("ann")
    await claim(bench, ann)
    await ask(ann, task, reason="rule_unclear")
    await bench.vote(task, ann="correct", bob="correct")
    settled = (await bench.web.lead.get(f"{OURS}/tasks/{task}/review")).json()
    assert settled["task"]["status"] == "resolved"


async def test_questions_that_somebody_asks_about_come_first_in_review_until_they_are_ruled(bench: Bench) -> None:
    conflict = await bench.task()
    await bench.vote(conflict, ann="correct", bob="incorrect")
    asked_first, asked_later = await bench.task(), await bench.task()
    await ask(await bench.person("ann"), asked_first, reason="box_wrong")
    await ask(await bench.person("bob"), asked_later, note="which standard?")
    await ask(await bench.person("cem"), asked_later, reason="rule_unclear")
    page = await bench.queue()
    shown = [(item["task"]["id"], item["why"], item["reasons"], item["n_help"]) for item in page["data"]]
    assert shown == [
        (asked_first, "help", {"box_wrong": 1}, 1),
        (asked_later, "help", {"other": 1, "rule_unclear": 1}, 2),
        (conflict, "tie", {}, 0),
    ]
    walked, cursor = [], None
    while True:
        page = await bench.queue(limit=1, **({} if cursor is None else {"cursor": cursor}))
        walked += [item["task"]["id"] for item in page["data"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert walked == [asked_first, asked_later, conflict]
    await bench.web.lead.post(f"{OURS}/tasks/{asked_first}/ruling", json={"verdict": "correct"})
    assert await bench.ids_in_queue() == [asked_later, conflict]


async def test_the_expert_reads_notes_and_requests_and_names_only_on_request(bench: Bench) -> None:
    task = await bench.task()
    ann = await bench.person("ann")
    body = {"verdict": "unsure", "reason": "two_readings", "note": "3 or 8"}
    assert (await ann.post(f"{LABELING}/tasks/{task}/submit", json=body)).status_code == 201
    await ask(await bench.person("bob"), task, reason="unreadable")
    detail = (await bench.web.lead.get(f"{OURS}/tasks/{task}/review")).json()
    assert (detail["votes"][0]["reason"], detail["votes"][0]["note"]) == ("two_readings", "3 or 8")
    assert [(asked["reason"], asked["voter_name"], asked["voter_id"]) for asked in detail["help"]] == [
        ("unreadable", None, None)
    ]
    named = (await bench.web.lead.get(f"{OURS}/tasks/{task}/review", params={"names": "true"})).json()
    assert named["help"][0]["voter_name"] == "bob@works.test"


async def test_the_queue_is_filtered_by_the_reason_of_a_note(bench: Bench) -> None:
    noted, plain = await bench.task(), await bench.task()
    body = {"verdict": "correct", "reason": "box_wrong"}
    assert (await (await bench.person("ann")).post(f"{LABELING}/tasks/{noted}/submit", json=body)).status_code == 201
    await bench.vote(noted, bob="incorrect")
    await bench.vote(plain, ann="correct", bob="incorrect")
    assert await bench.ids_in_queue(reason="box_wrong") == [noted]
    assert await bench.ids_in_queue(reason="any") == [noted]
    assert await bench.ids_in_queue(reason="unreadable") == []
    assert set(await bench.ids_in_queue()) == {noted, plain}


async def test_notes_and_requests_are_in_the_list_of_votes_and_in_the_export(bench: Bench) -> None:
    task = await bench.task()
    ann = await bench.person("ann")
    body = {"verdict": "correct", "note": 'a "quoted" note\nof two lines'}
    assert (await ann.post(f"{LABELING}/tasks/{task}/submit", json=body)).status_code == 201
    await ask(await bench.person("bob"), task, reason="rule_unclear", duration_ms=1200)
    votes = (await bench.web.lead.get(f"{OURS}/campaigns/{bench.campaign}/submissions")).json()["data"]
    assert (votes[0]["reason"], votes[0]["note"]) == (None, 'a "quoted" note\nof two lines')
    async with bench.api() as api:
        (record,) = [line async for line in api.export_lines(bench.campaign)]
    exported = json.loads(record)
    assert exported["submissions"][0]["note"] == 'a "quoted" note\nof two lines'
    assert {key: exported["help"][0][key] for key in ("annotator_email", "reason", "note", "duration_ms")} == {
        "annotator_email": "bob@works.test", "reason": "rule_unclear", "note": None, "duration_ms": 1200,
    }  # fmt: skip


async def test_gold_given_to_the_lead_looks_like_any_other_question(bench: Bench) -> None:
    campaign = await bench.web.campaign(gold_fraction=0.5, target_redundancy=1)
    gold = [{"is_gold": True, "gold_answer": "correct", "predicted_value": {"text": f"{n}"}} for n in range(12)]
    await bench.web.add(campaign, *({"predicted_value": {"text": f"{n},5"}} for n in range(12)), *gold)
    person = await bench.web.sign_in(campaign, "dan@works.test")
    view = (await person.get(f"{OURS}/campaigns/{campaign}/queue")).json()
    steps = []
    for _ in range(10):
        served = (await person.post(f"{LABELING}/campaigns/{campaign}/next-task")).json()
        asked = await ask(person, served["id"], reason="unreadable")
        assert asked.status_code == 201
        before, view = view, (await person.get(f"{OURS}/campaigns/{campaign}/queue")).json()
        steps.append((before["left_for_me"] - view["left_for_me"], view["done_by_me"] - before["done_by_me"]))
    assert set(steps) == {(1, 1)}
    lead = (await bench.web.lead.get(f"{LABELING}/campaigns/{campaign}/tasks", params={"limit": 200})).json()["data"]
    assert {task["is_gold"] for task in lead} == {True, False}
    in_review = (await bench.web.lead.get(f"{OURS}/campaigns/{campaign}/review")).json()["data"]
    assert all(item["task"]["is_gold"] is False for item in in_review)
    await person.aclose()

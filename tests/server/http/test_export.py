"""The export: every task, every vote, line by line, in constant memory."""

from __future__ import annotations

import json

import httpx

from gonogo.schemas.export_records import ExportRecord, SettledRecord
from gonogo.server.export.stream import CampaignExport
from gonogo.server.store.engine import Store
from gonogo.server.store.schema import campaigns
from tests.server.http.conftest import on_both_databases
from tests.server.http.work import GONOGO, LABELING, campaign_with, ok, person, session_of, task_bodies

pytestmark = on_both_databases


async def test_several_batches_give_each_task_once(lead: httpx.AsyncClient, store: Store) -> None:
    await campaign_with(lead, 7)
    await campaign_with(lead, 3, name="another")
    with store.read() as connection:
        campaign = connection.execute(campaigns.select().where(campaigns.c.name == "pmi")).one()
    batches = list(CampaignExport(store, campaign.id, campaign.name, batch_size=3))
    assert [batch.count(b"\n") for batch in batches] == [3, 3, 1]
    lines = [json.loads(line) for line in b"".join(batches).splitlines()]
    assert [line["predicted_value"]["text"] for line in lines] == [str(n) for n in range(7)]


async def test_votes_gold_and_rulings_are_in_it(lead: httpx.AsyncClient) -> None:
    campaign_id = await campaign_with(lead, 1, target_redundancy=2)
    gold = {**task_bodies(1)[0], "is_gold": True, "gold_answer": "correct", "prompt": "ünïcode ⌀ \u2028 line"}
    await ok(lead.post(f"{LABELING}/campaigns/{campaign_id}/tasks", json={"tasks": [gold]}))
    for name, verdict in (("ann", "correct"), ("ben", "unsure")):
        async with person(lead, await session_of(lead, campaign_id, f"{name}@example.com")) as somebody:
            task = await ok(somebody.post(f"{LABELING}/campaigns/{campaign_id}/next-task"))
            await ok(somebody.post(f"{LABELING}/tasks/{task['id']}/submit", json={"verdict": verdict}))
    ruling = {"verdict": "incorrect", "corrected_value": {"text": "M8"}}
    await ok(lead.post(f"{LABELING}/tasks/{task['id']}/adjudicate", json=ruling))
    answer = await lead.get(f"{GONOGO}/campaigns/{campaign_id}/export")
    records = [ExportRecord.model_validate_json(line) for line in answer.content.split(b"\n")[:-1]]
    ruled = next(record for record in records if record.task_id == task["id"])
    assert (ruled.status, ruled.consensus_verdict, ruled.consensus_value) == ("resolved", "incorrect", {"text": "M8"})
    votes = [(vote["annotator_email"], vote["verdict"]) for vote in ruled.submissions]
    assert votes == [("ann@example.com", "correct"), ("ben@example.com", "unsure")]
    assert [(record.is_gold, record.gold_answer) for record in records] == [(False, None), (True, "correct")]
    assert records[1].prompt == gold["prompt"]


HOSTILE = ('a "quoted" \\\\ path\tand\nline', "100 %s %% %d {0} {}", "'; DROP TABLE tasks; --", "⌀ 😀 \u2028", "null")


async def test_any_text_and_number_comes_out_as_it_went_in(lead: httpx.AsyncClient) -> None:
    """The database writes the JSON: what means something to SQL, to a format or to JSON is only text in it."""
    campaign_id = await campaign_with(lead, 0, name=HOSTILE[1], target_redundancy=1)
    tasks = [
        {**task_bodies(1)[0], "prompt": text, "predicted_value": {"text": text}, "predicted_confidence": 1 / (n + 3)}
        for n, text in enumerate(HOSTILE)
    ]
    await ok(lead.post(f"{LABELING}/campaigns/{campaign_id}/tasks", json={"tasks": tasks}))
    async with person(lead, await session_of(lead, campaign_id, "ann@example.com")) as somebody:
        for text in HOSTILE:
            task = await ok(somebody.post(f"{LABELING}/campaigns/{campaign_id}/next-task"))
            body = {
                "verdict": "incorrect",
                "corrected_value": {"note": text},
                "confidence": 0.1 + 0.2,
                "duration_ms": 0,
            }
            await ok(somebody.post(f"{LABELING}/tasks/{task['id']}/submit", json=body))
    answer = await lead.get(f"{GONOGO}/campaigns/{campaign_id}/export")
    records = [json.loads(line) for line in answer.content.split(b"\n")[:-1]]
    assert [record["prompt"] for record in records] == list(HOSTILE)
    assert [record["predicted_value"]["text"] for record in records] == list(HOSTILE)
    assert [record["predicted_confidence"] for record in records] == [1 / (n + 3) for n in range(len(HOSTILE))]
    assert {record["campaign"] for record in records} == {HOSTILE[1]}
    votes = [record["submissions"][0] for record in records]
    assert sorted(vote["corrected_value"]["note"] for vote in votes) == sorted(HOSTILE)
    assert {(vote["confidence"], vote["duration_ms"], vote["counted"]) for vote in votes} == {(0.1 + 0.2, 0, True)}
    assert all(list(record) == list(ExportRecord.model_fields) for record in records)


async def test_an_empty_campaign_is_an_empty_export(lead: httpx.AsyncClient) -> None:
    campaign_id = await campaign_with(lead, 0)
    answer = await lead.get(f"{GONOGO}/campaigns/{campaign_id}/export")
    assert (answer.status_code, answer.content) == (200, b"")


async def settled(lead: httpx.AsyncClient, campaign_id: str, after: int = 0, limit: int = 500) -> list[SettledRecord]:
    path = f"{GONOGO}/campaigns/{campaign_id}/export/settled"
    answer = await lead.get(path, params={"after": after, "limit": limit})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    return [SettledRecord.model_validate_json(line) for line in answer.content.split(b"\n")[:-1]]


async def test_settled_tasks_come_in_the_order_they_settled_from_any_cursor(lead: httpx.AsyncClient) -> None:
    campaign_id = await campaign_with(lead, 4, target_redundancy=1)
    gold = {**task_bodies(1)[0], "is_gold": True, "gold_answer": "correct"}
    await ok(lead.post(f"{LABELING}/campaigns/{campaign_id}/tasks", json={"tasks": [gold]}))
    assert await settled(lead, campaign_id) == []
    served = []
    async with person(lead, await session_of(lead, campaign_id, "ann@example.com")) as somebody:
        while task := await ok(somebody.post(f"{LABELING}/campaigns/{campaign_id}/next-task")):
            await ok(somebody.post(f"{LABELING}/tasks/{task['id']}/submit", json={"verdict": "correct"}))
            served.append(task["id"])
    every = await settled(lead, campaign_id)
    assert [record.task_id for record in every] == [task for task in served if task in {r.task_id for r in every}]
    assert (len(every), {record.is_gold for record in every}) == (4, {False})
    assert {(record.status, len(record.submissions)) for record in every} == {("resolved", 1)}
    for place, record in enumerate(every):
        assert await settled(lead, campaign_id, record.cursor) == every[place + 1 :]
    assert await settled(lead, campaign_id, limit=2) == every[:2]
    plain = (await lead.get(f"{GONOGO}/campaigns/{campaign_id}/export")).content.split(b"\n")[:-1]
    by_id = {record.task_id: record for record in map(ExportRecord.model_validate_json, plain)}
    assert [record.model_dump(exclude={"cursor"}) for record in every] == [
        by_id[record.task_id].model_dump() for record in every
    ]


async def test_a_ruling_on_a_settled_task_brings_it_again_behind_every_cursor(lead: httpx.AsyncClient) -> None:
    campaign_id = await campaign_with(lead, 2, target_redundancy=1)
    async with person(lead, await session_of(lead, campaign_id, "ann@example.com")) as somebody:
        for _ in range(2):
            task = await ok(somebody.post(f"{LABELING}/campaigns/{campaign_id}/next-task"))
            await ok(somebody.post(f"{LABELING}/tasks/{task['id']}/submit", json={"verdict": "correct"}))
    first, second = await settled(lead, campaign_id)
    ruling = {"verdict": "incorrect", "corrected_value": {"text": "M8"}}
    await ok(lead.post(f"{LABELING}/tasks/{first.task_id}/adjudicate", json=ruling))
    (again,) = await settled(lead, campaign_id, second.cursor)
    assert (again.task_id, again.consensus_verdict, again.consensus_value) == (
        first.task_id,
        "incorrect",
        {"text": "M8"},
    )

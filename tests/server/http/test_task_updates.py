"""Tasks whose predictions a newer run replaces: those that nobody has seen, and in a way that nobody can notice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import httpx

from tests.server.http.conftest import Clock, on_both_databases
from tests.server.http.work import GONOGO, LABELING, PREDICTION, ok, person, session_of

pytestmark = on_both_databases

Prediction = dict[str, Any]


def reading(number: int, text: str, confidence: float = 0.7, **fields: object) -> Prediction:
    """A prediction with a box of its own, ten on a sheet."""
    box = [0.1, number % 10 / 10 + 0.01, 0.2, number % 10 / 10 + 0.05]
    own = {"id": f"r-{number}", "part": f"part {number // 10}", "drawing_bbox": box}
    return {**PREDICTION, **own, "predicted_value": {"text": text}, "predicted_confidence": confidence, **fields}


class Campaign(NamedTuple):
    """A campaign, and its lead."""

    lead: httpx.AsyncClient
    id: str
    project: str

    @classmethod
    async def make(cls, lead: httpx.AsyncClient, first: Sequence[Prediction], **fields: object) -> Campaign:
        project = (await ok(lead.post(f"{LABELING}/projects", json={"name": "parts"})))["id"]
        body = {"name": "c", "gold_fraction": 0, "target_redundancy": 1, **fields}
        campaign = await ok(lead.post(f"{GONOGO}/projects/{project}/campaigns", json=body))
        created = cls(lead, campaign["id"], project)
        await created.ask(first, "first", gold_from_truth=bool(fields.get("gold_fraction")))
        return created

    async def run(self, predictions: Sequence[Prediction], run: str) -> str:
        body = {"project_id": self.project, "run": run, "predictions": list(predictions)}
        run_id: str = (await ok(self.lead.post(f"{GONOGO}/predictions", json=body)))["calculation_id"]
        return run_id

    async def ask(self, predictions: Sequence[Prediction], run: str, **fields: object) -> Any:
        body = {"calculation_id": await self.run(predictions, run), **fields}
        return await ok(self.lead.post(f"{GONOGO}/campaigns/{self.id}/tasks-from-predictions", json=body))

    async def update(self, predictions: Sequence[Prediction], run: str = "second", **fields: object) -> dict[str, int]:
        """The counts that are not nought, new tasks among them."""
        answer = await self.ask(predictions, run, update=True, **fields)
        counts = {**answer.pop("updates"), "n_tasks": answer["n_tasks"], "n_gold": answer["n_gold"]}
        return {name.removeprefix("n_"): number for name, number in counts.items() if number}

    async def exported(self) -> list[dict[str, Any]]:
        text = (await self.lead.get(f"{GONOGO}/campaigns/{self.id}/export")).text
        return [json.loads(line) for line in text.splitlines()]

    async def values(self) -> dict[str, str]:
        return {line["prediction_id"]: line["predicted_value"]["text"] for line in await self.exported()}

    async def annotator(self, email: str = "ana@example.com") -> httpx.AsyncClient:
        return person(self.lead, await session_of(self.lead, self.id, email))

    async def claim(self, who: httpx.AsyncClient) -> Any:
        return await ok(who.post(f"{LABELING}/campaigns/{self.id}/next-task"))

    async def vote(self, who: httpx.AsyncClient, task: Any) -> None:
        await ok(who.post(f"{LABELING}/tasks/{task['id']}/submit", json={"verdict": "correct"}))


async def test_an_open_question_asks_about_the_newer_prediction_and_both_are_kept(lead: httpx.AsyncClient) -> None:
    campaign = await Campaign.make(lead, [reading(n, "1") for n in range(3)])
    same_id = reading(0, "7", 0.4, source="model 2", drawing_bbox=[0.5, 0.5, 0.6, 0.6])
    same_place = reading(1, "8", id="its own", detail_kind="tolerance")
    same_all, new = reading(2, "1"), reading(11, "9")
    counts = await campaign.update([same_id, same_place, same_all, new])
    assert counts == {"updated": 2, "unchanged": 1, "tasks": 1}
    assert await campaign.values() == {"r-0": "7", "its own": "8", "r-2": "1", "r-11": "9"}
    first, second, *_ = await campaign.exported()
    assert (first["predicted_confidence"], first["drawing_bbox"]) == (0.4, [0.5, 0.5, 0.6, 0.6])
    (change,) = first["updates"]
    assert change["before"]["predicted_value"] == {"text": "1"}
    assert change["after"] == {
        "predicted_value": {"text": "7"},
        "predicted_confidence": 0.4,
        "drawing_bbox": [0.5, 0.5, 0.6, 0.6],
        "source": "model 2",
    }
    assert second["detail_kind"] == "tolerance"


async def test_the_same_run_again_changes_nothing_and_neither_does_a_plain_import_of_the_old_one(
    lead: httpx.AsyncClient,
) -> None:
    old, new = [reading(n, "1") for n in range(3)], [reading(n, "2", id=f"x-{n}") for n in range(3)]
    campaign = await Campaign.make(lead, old)
    assert await campaign.update(new) == {"updated": 3}
    before = await campaign.exported()
    assert await campaign.update(new) == {"unchanged": 3}
    again = await campaign.ask(old, "first")
    assert (again["n_tasks"], again["n_skipped"]) == (0, 3)
    generate = f"{LABELING}/projects/{campaign.project}/generate-tasks"
    generated = await ok(lead.post(generate, json={"calculation_ids": [await campaign.run(old, "first")]}))
    assert (generated["n_tasks"], generated["n_skipped"]) == (0, 3)
    assert await campaign.exported() == before
    assert await campaign.update(old, "first") == {"updated": 3}
    assert set((await campaign.values()).values()) == {"1"}


async def test_what_somebody_has_seen_stays_as_they_saw_it(lead: httpx.AsyncClient, clock: Clock) -> None:
    campaign = await Campaign.make(lead, [reading(n, "1", n / 10) for n in range(4)])
    ana = await campaign.annotator()
    await campaign.vote(ana, await campaign.claim(ana))
    released, held = await campaign.claim(ana), await campaign.claim(ana)
    await ok(ana.post(f"{GONOGO}/tasks/{released['id']}/release"))
    newer = [reading(n, "2", n / 10) for n in range(4)]
    assert await campaign.update(newer) == {"answered": 1, "seen": 1, "held": 1, "updated": 1}
    assert await campaign.values() == {"r-0": "1", "r-1": "1", "r-2": "1", "r-3": "2"}
    clock.advance(minutes=30)  # the claim has run out, and the answer comes late: it is an answer to what was shown
    await campaign.vote(ana, held)
    assert await campaign.update(newer, "third") == {"answered": 2, "seen": 1, "unchanged": 1}


async def test_where_several_readers_read_one_place_the_reader_decides(lead: httpx.AsyncClient) -> None:
    at_one_place = [reading(0, "1", id=f"1-{name}", source=name) for name in ("edocr", "gpt")]
    campaign = await Campaign.make(lead, at_one_place)
    newer = [reading(0, f"of {name}", id=f"2-{name}", source=name) for name in ("gpt", "edocr")]
    assert await campaign.update(newer) == {"updated": 2}
    assert await campaign.values() == {"2-edocr": "of edocr", "2-gpt": "of gpt"}
    other = reading(0, "of qwen", id="3", source="qwen")
    assert await campaign.update([other], "third") == {"unclear": 1}


async def test_a_second_reader_of_a_place_does_not_take_the_question_of_the_first(lead: httpx.AsyncClient) -> None:
    campaign = await Campaign.make(lead, [reading(0, "1", id="1", source="edocr")])
    newer = [reading(0, f"of {name}", id=f"2-{name}", source=name) for name in ("gpt", "edocr")]
    assert await campaign.update(newer) == {"updated": 1, "tasks": 1}
    assert await campaign.values() == {"2-edocr": "of edocr", "2-gpt": "of gpt"}


async def test_ids_count_on_their_own_sheet_only(lead: httpx.AsyncClient) -> None:
    campaign = await Campaign.make(lead, [reading(0, "1", id="1")])
    assert await campaign.update([reading(10, "2", id="1")]) == {"tasks": 1}
    without_drawing = {"target_kind": "note", "predicted_value": {"text": "a"}, "id": "n"}
    assert await campaign.update([without_drawing], "third") == {"tasks": 1}
    changed = {**without_drawing, "predicted_value": {"text": "b"}}
    assert await campaign.update([changed], "fourth") == {"updated": 1}


async def test_nobody_misses_a_question_that_moves_in_the_order(lead: httpx.AsyncClient) -> None:
    campaign = await Campaign.make(lead, [reading(n, "1", 0.5 + n / 100) for n in range(20)])
    ana = await campaign.annotator()
    for _ in range(3):
        await campaign.vote(ana, await campaign.claim(ana))
    newer = [reading(n, "2", 0.5 - n / 100) for n in range(20)]
    assert await campaign.update(newer, limit=None) == {"answered": 3, "updated": 17}
    served = []
    while (task := await campaign.claim(ana)) is not None:
        await campaign.vote(ana, task)
        served.append(float(task["drawing_bbox"][1]))
    assert len(served) == 17
    assert served[:7] == sorted(served[:7], reverse=True)  # the first sheet, the least sure now first


async def test_gold_follows_and_shows_neither_by_its_value_nor_by_its_place(lead: httpx.AsyncClient) -> None:
    truth = {"text": "⌀16,5"}
    old = [reading(n, "⌀ 16.5 (old)", 0.9 - n % 10 / 100, truth=truth) for n in range(200)]
    campaign = await Campaign.make(lead, old, gold_fraction=0.2)
    new = [reading(n, "⌀ 16.50" if n % 2 else "⌀ 61.50", 0.2 + n % 10 / 100) for n in range(200)]
    assert await campaign.update(new) == {"updated": 200}
    lines = await campaign.exported()
    gold = [line for line in lines if line["is_gold"]]
    assert len(gold) >= 40
    for line in gold:
        right = line["predicted_value"]["text"] == "⌀ 16.50"
        answer = line["gold_answer"]
        assert answer == "correct" if right else json.loads(answer)["corrected_value"] == truth
        assert line["truth"] == truth
    assert {line["predicted_value"]["text"] for line in lines} == {"⌀ 16.50", "⌀ 61.50"}
    ana = await campaign.annotator()
    hidden, order = {line["task_id"] for line in gold}, []
    while (task := await campaign.claim(ana)) is not None:
        await campaign.vote(ana, task)
        order.append(task["id"] in hidden)
    n_gold = sum(order)
    assert 0.15 <= n_gold / len(order) <= 0.25
    mean_place = sum(place for place, is_gold in enumerate(order) if is_gold) / n_gold / len(order)
    assert 0.35 <= mean_place <= 0.65


async def test_a_copy_that_was_seen_keeps_its_value_and_later_copies_have_the_new_one(
    lead: httpx.AsyncClient,
) -> None:
    known = [reading(n, "1", truth={"text": "1"}) for n in range(2)]
    campaign = await Campaign.make(lead, known, gold_fraction=0.5)
    ana = await campaign.annotator()
    while (task := await campaign.claim(ana)) is not None:
        await campaign.vote(ana, task)
    answered = {line["task_id"]: line for line in await campaign.exported() if line["submissions"]}
    counts = await campaign.update([reading(n, "2") for n in range(2)])
    assert sum(counts.values()) == 2
    after = {line["task_id"]: line for line in await campaign.exported()}
    assert all(after[name] == line for name, line in answered.items())
    await campaign.ask([reading(n, "3") for n in range(20, 60)], "more")
    later = [line for line in await campaign.exported() if line["is_gold"] and line["task_id"] not in answered]
    assert later
    assert {line["predicted_value"]["text"] for line in later} == {"2"}
    assert {json.loads(line["gold_answer"])["verdict"] for line in later} == {"incorrect"}


async def test_new_lines_become_tasks_and_their_share_of_gold(lead: httpx.AsyncClient) -> None:
    campaign = await Campaign.make(lead, [reading(n, "1", truth={"text": "1"}) for n in range(10)], gold_fraction=0.2)
    more = [reading(n, "1", truth={"text": "1"}) for n in range(60)]
    counts = await campaign.update(more, gold_from_truth=True)
    assert counts.pop("unchanged") == 10
    assert counts["tasks"] + counts["gold"] == 50
    assert 8 <= counts["gold"] <= 12


async def test_an_audit_of_accepted_predictions_is_not_falsified(lead: httpx.AsyncClient) -> None:
    campaign = await Campaign.make(lead, [reading(500, "1")])
    run = await campaign.run([reading(n, "1", 0.5 + n / 100) for n in range(50)], "audited")
    policy = {"calculation_ids": [run], "accept_above": 0.8, "audit_fraction": 0.5}
    generate = f"{LABELING}/projects/{campaign.project}/generate-tasks"
    audited = (await ok(lead.post(generate, json=policy)))["campaign"]["id"]
    newer = await campaign.run([reading(0, "2")], "second")
    path = f"{GONOGO}/campaigns/{audited}/tasks-from-predictions"
    refused = await lead.post(path, json={"calculation_id": newer, "update": True})
    assert refused.status_code == 409
    assert refused.json()["error"]["details"]["reason"] == "audited"


async def test_whoever_claims_meanwhile_answers_what_was_shown(lead: httpx.AsyncClient) -> None:
    campaign = await Campaign.make(lead, [reading(n, "1", n / 100) for n in range(60)])
    people = [await campaign.annotator(f"{name}@example.com") for name in "abcdef"]
    shown: dict[str, str] = {}

    async def work(who: httpx.AsyncClient) -> None:
        for _ in range(5):
            task = await campaign.claim(who)
            shown[task["id"]] = task["predicted_value"]["text"]

    newer = [reading(n, "2", 1 - n / 100) for n in range(60)]
    await asyncio.gather(*map(work, people[:3]), campaign.update(newer), *map(work, people[3:]))
    lines = {line["task_id"]: line["predicted_value"]["text"] for line in await campaign.exported()}
    assert len(shown) == 30
    assert {name: lines[name] for name in shown} == shown
    assert {text for name, text in lines.items() if name not in shown} == {"2"}

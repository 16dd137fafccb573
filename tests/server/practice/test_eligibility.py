"""Qualification and warm-up: who gets tasks, how they are told, and how the queue opens."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from gonogo.client.errors import ConflictError
from gonogo.schemas.review import ReviewSettings
from tests.server.review.conftest import Bench
from tests.server.web import LABELING, OURS

TEXTS = ("⌀10,5 ±0,1", "⌀23,7 ±0,1", "⌀38,4 ±0,1", "⌀46,9 ±0,1")


async def known_items(bench: Bench, *texts: str, **ruling: Any) -> None:
    """Tasks that show the right value, and an expert's word that they do."""
    for text in texts:
        task = await bench.task(predicted_value={"text": text})
        body = {"verdict": "correct", **ruling}
        assert (await bench.web.lead.post(f"{OURS}/tasks/{task}/ruling", json=body)).status_code == 201


async def take(bench: Bench, who: httpx.AsyncClient) -> httpx.Response:
    return await who.post(f"{LABELING}/campaigns/{bench.campaign}/next-task")


async def view(bench: Bench, who: httpx.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await who.get(f"{OURS}/campaigns/{bench.campaign}/queue")).json()
    return found


async def practise(bench: Bench, who: httpx.AsyncClient, n: int, *, right: bool = True) -> dict[str, Any]:
    """Answers `n` items, all as they should be or none; answers the standing after that."""
    path = f"{OURS}/campaigns/{bench.campaign}/practice"
    items = (await who.get(path, params={"limit": n})).json()["data"]
    assert len(items) == n
    for item in items:
        shown = item["task"]["predicted_value"]["text"]
        verdict = "unsure" if not right else "correct" if shown in TEXTS else "incorrect"
        told = (await who.post(path, json={"item": item["item"], "verdict": verdict})).json()
    standing: dict[str, Any] = told["standing"]
    return standing


async def test_no_task_before_the_pass_and_the_queue_opens_with_it(bench: Bench) -> None:
    await known_items(bench, *TEXTS)
    fresh = await bench.task()
    ann = await bench.person("ann")
    async with bench.api() as api:
        await api.update_review_settings(bench.campaign, ReviewSettings(qualification_items=4, pass_mark=0.75))
        refused = await take(bench, ann)
        assert refused.status_code == 409
        error = refused.json()["error"]
        assert (error["code"], error["details"]) == ("conflict", {"reason": "qualification"})
        seen = await view(bench, ann)
        assert (seen["waits_for"], seen["waits_because"]) == ("qualification", error["message"])
        assert "75 % of 4" in error["message"]
        assert (seen["left_for_me"], seen["held_by_me"]) == (1, 0)
        standing = await practise(bench, ann, 4, right=False)
        assert (standing["passed"], standing["waits_for"]) == (False, "qualification")
        assert (await take(bench, ann)).status_code == 409
        standing = await practise(bench, ann, 4)
        assert (standing["passed"], standing["waits_for"], standing["right"]) == (True, None, 4)
        assert (await take(bench, ann)).json()["id"] == fresh
        assert (await view(bench, ann))["waits_for"] is None
        assert (await api.campaign_quality(bench.campaign)).n_submissions == 0
        # A pass stays one; a mark raised above it asks again, and without a mark nobody is asked.
        await practise(bench, ann, 4, right=False)
        assert (await take(bench, ann)).status_code == 200
        await api.update_review_settings(bench.campaign, ReviewSettings(pass_mark=1.0))
        assert (await take(bench, ann)).status_code == 409
        held = f"{LABELING}/tasks/{fresh}/submit"
        assert (await ann.post(held, json={"verdict": "correct"})).status_code == 201  # what is held counts
        await api.update_review_settings(bench.campaign, ReviewSettings(pass_mark=None))
        assert (await take(bench, ann)).json() is None


async def test_a_lead_is_not_examined_and_a_pause_comes_before_it(bench: Bench) -> None:
    await known_items(bench, TEXTS[0])
    await bench.task()
    ann = await bench.person("ann")
    async with bench.api() as api:
        await api.update_review_settings(bench.campaign, ReviewSettings(qualification_items=1, pass_mark=1.0))
    assert (await take(bench, bench.web.lead)).status_code == 200
    path = f"{OURS}/campaigns/{bench.campaign}/annotators/{bench.ids['ann']}/actions"
    assert (await bench.web.lead.post(path, json={"action": "pause"})).status_code == 201
    assert (await take(bench, ann)).json()["error"]["details"]["reason"] == "paused"
    assert (await view(bench, ann))["waits_for"] == "paused"


async def test_a_qualification_that_nobody_could_pass_is_refused(bench: Bench) -> None:
    await known_items(bench, TEXTS[0])
    await bench.task()
    ann = await bench.person("ann")
    async with bench.api() as api:
        with pytest.raises(ConflictError) as refused:
            await api.update_review_settings(bench.campaign, ReviewSettings(qualification_items=2, pass_mark=0.5))
        assert (refused.value.reason, refused.value.details["known"]) == ("too_few_known", 1)
        settings = await api.review_settings(bench.campaign)
        assert (settings.pass_mark, settings.qualification_items) == (None, 20)
    assert (await take(bench, ann)).status_code == 200


async def test_a_sitting_begins_with_the_warm_up_and_a_long_break_begins_another(bench: Bench) -> None:
    tasks = [await bench.task() for _ in range(3)]
    ann = await bench.person("ann")
    async with bench.api() as api:
        await api.update_review_settings(bench.campaign, ReviewSettings(warm_up_items=2))
        assert (await take(bench, ann)).status_code == 200  # nothing is known yet to warm up on
        await known_items(bench, *TEXTS)
        refused = (await take(bench, ann)).json()["error"]
        assert refused["details"]["reason"] == "warm_up"
        assert "2 practice items" in refused["message"]
        assert (await practise(bench, ann, 1))["warm_up_left"] == 1
        assert (await practise(bench, ann, 1, right=False))["waits_for"] is None
        assert (await take(bench, ann)).status_code == 200
        bench.web.house.pass_time(hours=3, minutes=50)
        assert (await ann.post(f"{LABELING}/tasks/{tasks[0]}/submit", json={"verdict": "correct"})).status_code == 201
        bench.web.house.pass_time(hours=3, minutes=50)
        assert (await take(bench, ann)).status_code == 200  # still at it
        bench.web.house.pass_time(hours=4)
        assert (await take(bench, ann)).json()["error"]["details"]["reason"] == "warm_up"


async def test_practice_shows_nothing_that_is_gold_or_may_become_it(bench: Bench) -> None:
    await known_items(bench, TEXTS[0])
    await known_items(bench, *TEXTS[1:], gold_candidate=True)
    ann = await bench.person("ann")
    path = f"{OURS}/campaigns/{bench.campaign}/practice"

    async def shown() -> list[str]:
        data = (await ann.get(path)).json()["data"]
        return [item["item"].partition(".")[0] for item in data]

    async with bench.api() as api:
        listed = {c.task.id: c.ruling.id for c in (await api.gold_candidates(bench.campaign)).data}
        assert len(await shown()) == 1
        assert not set(await shown()) & set(listed)
        accepted, declined = list(listed)[:2]
        for task, accept in ((accepted, True), (declined, False)):
            await bench.web.lead.post(f"{OURS}/rulings/{listed[task]}/gold", json={"accept": accept})
        assert len(await shown()) == 2
        assert accepted not in await shown()
        guess = await ann.post(path, json={"item": f"{accepted}.00000000", "verdict": "correct"})
        assert guess.status_code == 404

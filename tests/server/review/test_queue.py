"""The expert's queue: what is in it, in which order, for whom, and page by page."""

from __future__ import annotations

import pytest

from gonogo.schemas.review import ReviewSettings
from tests.server.review.conftest import Bench
from tests.server.web import OURS


async def test_conflicts_come_by_expected_harm_and_settled_tasks_not_at_all(bench: Bench) -> None:
    mild = await bench.task(predicted_confidence=0.2)
    bad = await bench.task(predicted_confidence=0.99)
    settled = await bench.task(predicted_confidence=0.99)
    fresh = await bench.task()
    for task in (mild, bad):
        await bench.vote(task, ann="correct", bob="incorrect")
    await bench.vote(settled, ann="correct", bob="correct")
    page = await bench.queue()
    assert [item["task"]["id"] for item in page["data"]] == [bad, mild]
    assert (page["count"], page["next_cursor"], page["data"][0]["why"]) == (2, None, "tie")
    assert page["data"][0]["verdicts"] == {"correct": 1, "incorrect": 1}
    assert 1 >= page["data"][0]["harm"] > page["data"][1]["harm"] > 0
    assert await bench.ids_in_queue(status="resolved") == [settled]
    assert await bench.ids_in_queue(status="open") == [fresh]


async def test_two_different_corrections_are_a_conflict_that_says_so(bench: Bench) -> None:
    task = await bench.task()
    await bench.vote(task, ann=("incorrect", "16,6"), bob=("incorrect", "16,8"))
    same = await bench.task()
    await bench.vote(same, ann=("incorrect", "16,60"), bob=("incorrect", "16.6"))
    (item,) = (await bench.queue())["data"]
    assert (item["task"]["id"], item["why"], item["n_values"]) == (task, "values", 2)
    assert item["posterior"] == pytest.approx(0.5)  # of the value, although the verdict is clear


async def test_a_reviewer_never_gets_what_he_voted_on_and_is_told_how_many(bench: Bench) -> None:
    task = await bench.task()
    await bench.vote(task, ann="correct", bob="incorrect")
    other = await bench.task()
    await bench.vote(other, cem="correct", bob="incorrect")
    # ann is promoted to reviewer: revoked, and invited again in the other role
    path = f"/api/v1/parts/labeling/campaigns/{bench.campaign}/assignments"
    mine = next(a for a in (await bench.web.lead.get(path)).json()["data"] if a["annotator_email"].startswith("ann"))
    await bench.web.lead.delete(f"{path}/{mine['id']}")
    ann = await bench.web.sign_in(bench.campaign, "ann@works.test", "reviewer")
    page = await bench.queue(ann)
    assert [item["task"]["id"] for item in page["data"]] == [other]
    assert (page["count"], page["hidden_own"]) == (1, 1)
    await ann.aclose()


async def test_a_sample_of_settled_tasks_follows_at_the_rate_the_lead_set(bench: Bench) -> None:
    settled = [await bench.task() for _ in range(12)]
    for task in settled:
        await bench.vote(task, ann="correct", bob="correct")
    conflict = await bench.task()
    await bench.vote(conflict, ann="correct", bob="incorrect")
    async with bench.api() as api:
        await api.update_review_settings(bench.campaign, ReviewSettings(sample_rate=0.5))
        assert (await api.review_settings(bench.campaign)).sample_rate == 0.5
        found = await api.review_queue(bench.campaign, sample=True)
        assert found.data[0].task.id == conflict
        drawn = [item.task.id for item in found.data[1:]]
        assert drawn == sorted(task for task in settled if task < "8")  # ids are random: half of them, always the same
        assert {item.why for item in found.data[1:]} <= {"sample"}
        walked, cursor = [], None
        while True:
            page = await api.review_queue(bench.campaign, sample=True, limit=1, cursor=cursor)
            walked += [item.task.id for item in page.data]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert walked == [conflict, *drawn]
        await api.update_review_settings(bench.campaign, ReviewSettings(sample_rate=1))
        assert (await api.review_queue(bench.campaign, sample=True)).count == 13


async def test_pages_lose_nothing_and_repeat_nothing(bench: Bench) -> None:
    made = [await bench.task(predicted_confidence=0.1 * (n % 3)) for n in range(9)]
    for task in made:
        await bench.vote(task, ann="correct", bob="incorrect")
    whole = await bench.ids_in_queue()
    walked, cursor = [], None
    while True:
        page = await bench.queue(limit=2, **({"cursor": cursor} if cursor else {}))
        walked += [item["task"]["id"] for item in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert walked == whole
    assert sorted(walked) == sorted(made)


async def test_filters_by_kind_person_sheet_and_text(bench: Bench) -> None:
    here = await bench.task(detail_kind="thread", part_revision_id="rev-7", predicted_value={"text": "⌀16,5 100%"})
    page2 = await bench.task(part_revision_id="rev-7", drawing_bbox=[0, 0, 0.5, 0.5, 2])
    for task, person in ((here, "ann"), (page2, "cem")):
        await bench.vote(task, **{person: "correct", "bob": "incorrect"})
    assert await bench.ids_in_queue(kind="thread") == [here]
    assert await bench.ids_in_queue(kind="pmi", annotator="cem@works.test") == [page2]
    assert await bench.ids_in_queue(annotator=bench.ids["ann"]) == [here]
    assert len(await bench.ids_in_queue(sheet="rev-7")) == 2
    assert await bench.ids_in_queue(sheet="rev-7#2") == [page2]
    assert await bench.ids_in_queue(text="⌀16,5 100%") == [here]
    assert await bench.ids_in_queue(text="%1") == []  # nothing in a search text is a wildcard
    assert await bench.ids_in_queue(text="_6,5") == []


async def test_who_may_see_it_and_what_is_refused(bench: Bench) -> None:
    task = await bench.task()
    await bench.vote(task, ann="correct", bob="incorrect")
    other = await bench.web.campaign()
    stranger = await bench.web.sign_in(other, "sam@works.test", "reviewer")
    reviewer = await bench.person("rita", "reviewer")
    queue, one = f"{OURS}/campaigns/{bench.campaign}/review", f"{OURS}/tasks/{task}/review"
    for path in (queue, one):
        got = [(await who.get(path)).status_code for who in (reviewer, bench.people["ann"], stranger)]
        assert got == [200, 403, 404], path
    for query in ({"cursor": "h2:1"}, {"cursor": "hnan:1"}, {"cursor": "x"}, {"status": "lost"}, {"limit": 0}):
        assert (await bench.web.lead.get(queue, params=query)).status_code == 422, query
    patch = await reviewer.patch(f"{OURS}/campaigns/{bench.campaign}/review-settings", json={"sample_rate": 1})
    assert patch.status_code == 403
    await stranger.aclose()

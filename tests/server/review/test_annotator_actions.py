"""What a lead does about a person: pause, discount, restore, reopen, each with its line in the trail."""

from __future__ import annotations

import pytest

from gonogo.client.errors import NotFoundError
from gonogo.schemas.enums import VotePolicy
from gonogo.schemas.gonogo_api import CampaignSettings
from gonogo.schemas.review import AnnotatorActionCreate
from tests.server.review.conftest import Bench
from tests.server.web import LABELING, OURS


async def test_a_paused_person_gets_no_task_until_resumed_and_keeps_what_he_holds(bench: Bench) -> None:
    first, _second = await bench.task(), await bench.task()
    ann = await bench.person("ann")
    take = f"{LABELING}/campaigns/{bench.campaign}/next-task"
    assert (await ann.post(take)).json()["id"] == first
    async with bench.api() as api:
        done = await api.act_on_annotator(
            bench.campaign, bench.ids["ann"], AnnotatorActionCreate(action="pause", note="too fast")
        )
        assert (done.action, done.n_tasks, done.note) == ("pause", 0, "too fast")
        refused = await ann.post(take)
        assert refused.status_code == 409
        assert refused.json()["error"]["details"]["reason"] == "paused"
        assert (await ann.post(f"{LABELING}/tasks/{first}/submit", json={"verdict": "correct"})).status_code == 201
        (state,) = (await api.annotators(bench.campaign)).data
        assert state.paused_at is not None
        await api.act_on_annotator(bench.campaign, bench.ids["ann"], AnnotatorActionCreate(action="resume"))
        assert (await ann.post(take)).status_code == 200
        trail = await api.annotator_actions(bench.campaign)
    assert [line.action for line in trail.data] == ["resume", "pause"]
    assert all(line.actor_id for line in trail.data)


async def test_discounted_votes_ask_somebody_else_and_can_be_restored(bench: Bench) -> None:
    settled, ruled = await bench.task(), await bench.task()
    for task in (settled, ruled):
        await bench.vote(task, ann="correct", bob="correct")
    await bench.web.lead.post(f"{LABELING}/tasks/{ruled}/adjudicate", json={"verdict": "incorrect"})
    async with bench.api() as api:
        done = await api.act_on_annotator(bench.campaign, bench.ids["ann"], AnnotatorActionCreate(action="discount"))
        assert done.n_tasks == 2
        public = {task.id: task for task in (await api.list_tasks(bench.campaign)).data}
        assert (public[settled].status, public[settled].submission_count) == ("open", 1)
        assert public[settled].consensus_verdict is None
        assert (public[ruled].status, public[ruled].consensus_verdict) == ("resolved", "incorrect")
        assert [v.discounted for v in (await api.review_task(settled)).votes] == [True, False]
        # ann is not asked again, a third person is; a claim that ends does not count ann's vote again
        take = f"{LABELING}/campaigns/{bench.campaign}/next-task"
        assert (await bench.people["ann"].post(take)).json() is None
        cem = await bench.person("cem")
        assert (await cem.post(take)).json()["id"] == settled
        await cem.post(f"{OURS}/tasks/{settled}/release")
        assert (await api.review_task(settled)).votes[0].counted is False
        state = {s.voter_id: s for s in (await api.annotators(bench.campaign)).data}[bench.ids["ann"]]
        assert (state.n_submissions, state.n_discounted) == (2, 2)
        await api.act_on_annotator(bench.campaign, bench.ids["ann"], AnnotatorActionCreate(action="restore"))
        await api.campaign_quality(bench.campaign)
        public = {task.id: task for task in (await api.list_tasks(bench.campaign)).data}
        assert (public[settled].status != "open", public[settled].submission_count) == (True, 2)
        assert (await cem.post(take)).json() is None


async def test_reopened_tasks_keep_their_votes_and_want_one_more(bench: Bench) -> None:
    task = await bench.task()
    await bench.vote(task, ann="correct", bob="correct")
    async with bench.api() as api:
        done = await api.act_on_annotator(bench.campaign, bench.ids["ann"], AnnotatorActionCreate(action="reopen"))
        assert done.n_tasks == 1
        cem = await bench.person("cem")
        answer = (await cem.post(f"{LABELING}/campaigns/{bench.campaign}/next-task")).json()
        assert (answer["id"], answer["n_required"]) == (task, 3)
        await cem.post(f"{LABELING}/tasks/{task}/submit", json={"verdict": "correct"})
        (public,) = (await api.list_tasks(bench.campaign)).data
        assert (public.status != "open", public.submission_count) == (True, 3)


async def test_a_reopened_task_gets_its_vote_also_where_votes_follow_the_risk(bench: Bench) -> None:
    task = await bench.task()
    async with bench.api() as api:
        await api.update_settings(bench.campaign, CampaignSettings(votes=VotePolicy.BY_RISK, min_votes=2, max_risk=0.5))
        await bench.vote(task, ann="correct", bob="correct")
        await api.act_on_annotator(bench.campaign, bench.ids["ann"], AnnotatorActionCreate(action="reopen"))
        await api.campaign_quality(bench.campaign)
        (public,) = (await api.list_tasks(bench.campaign)).data
        assert (public.status, public.submission_count) == ("open", 2)
        await bench.vote(task, cem="correct")
        (public,) = (await api.list_tasks(bench.campaign)).data
        assert (public.status, public.submission_count) == ("resolved", 3)


async def test_only_leads_act_and_only_on_people_of_the_campaign(bench: Bench) -> None:
    await bench.person("ann")
    rita = await bench.person("rita", "reviewer")
    path = f"{OURS}/campaigns/{bench.campaign}/annotators/{bench.ids['ann']}/actions"
    assert (await rita.post(path, json={"action": "pause"})).status_code == 403
    assert (await bench.web.lead.post(path, json={"action": "dismiss"})).status_code == 422
    async with bench.api() as api:
        with pytest.raises(NotFoundError):
            await api.act_on_annotator(bench.campaign, "nobody", AnnotatorActionCreate(action="pause"))

"""The operations over HTTP: what a campaign goes through from its first task to its end."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert

from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import calculations, predictions
from tests.server.web import LABELING, OURS, Web

VOTE = {"verdict": "correct"}


async def test_a_claim_tells_how_long_it_lasts_and_can_be_renewed_and_given_back(web: Web) -> None:
    campaign = await web.campaign()
    (task,) = await web.add(campaign, {})
    served = await web.lead.post(f"{LABELING}/campaigns/{campaign}/next-task")
    assert (served.json()["id"], served.headers["x-claim-expires-in"]) == (task, "600")
    listed = (await web.lead.get(f"{LABELING}/campaigns/{campaign}/tasks")).json()["data"][0]
    assert listed["claimed_by_user_id"] == web.house.lead.id
    web.house.pass_time(minutes=9)
    renewed = await web.lead.post(f"{OURS}/tasks/{task}/renew")
    assert renewed.json() == {"task_id": task, "held": True, "expires_in": 600}
    released = await web.lead.post(f"{OURS}/tasks/{task}/release")
    assert released.json() == {"task_id": task, "held": False, "expires_in": None}
    assert (await web.lead.post(f"{OURS}/tasks/{task}/renew")).json()["held"] is False


async def test_after_closing_nothing_is_served_but_late_answers_are_kept(web: Web) -> None:
    campaign = await web.campaign()
    (task,) = await web.add(campaign, {})
    anna = await web.sign_in(campaign, "anna@example.com")
    await anna.post(f"{LABELING}/campaigns/{campaign}/next-task")
    closed = (await web.lead.post(f"{LABELING}/campaigns/{campaign}/close")).json()
    assert closed["status"] == "closed"
    web.house.pass_time(minutes=1)
    assert (await web.lead.post(f"{LABELING}/campaigns/{campaign}/close")).json() == closed
    assert (await anna.post(f"{LABELING}/campaigns/{campaign}/next-task")).json() is None
    late = await anna.post(f"{LABELING}/tasks/{task}/submit", json=VOTE)
    assert (late.status_code, late.json()["error"]["details"]["reason"]) == (409, "campaign_closed")
    stored = (await web.lead.get(f"{OURS}/campaigns/{campaign}/submissions")).json()["data"]
    assert [(row["id"], row["counted"]) for row in stored] == [(late.json()["error"]["details"]["receipt_id"], False)]
    ruled = await web.lead.post(f"{LABELING}/tasks/{task}/adjudicate", json=VOTE)
    assert ruled.json()["status"] == "resolved"
    more = await web.lead.post(
        f"{LABELING}/campaigns/{campaign}/tasks", json={"tasks": [{"target_kind": "p", "prompt": "?"}]}
    )
    assert more.json()["error"]["details"]["reason"] == "campaign_closed"


async def test_a_second_answer_is_refused_and_tells_whether_it_was_the_same_request(web: Web) -> None:
    campaign = await web.campaign()
    (task,) = await web.add(campaign, {})
    path = f"{LABELING}/tasks/{task}/submit"
    first = await web.lead.post(path, json=VOTE, headers={"Idempotency-Key": "one"})
    assert first.status_code == 201
    again = await web.lead.post(path, json={"verdict": "unsure"})
    assert again.json()["error"]["details"] == {
        "reason": "already_submitted",
        "receipt_id": first.json()["id"],
        "counted": True,
        "same_request": False,
    }
    web.house.pass_time(hours=25)  # the stored answer is gone, the submission remembers its key
    late = await web.lead.post(path, json=VOTE, headers={"Idempotency-Key": "one"})
    assert late.json()["error"]["details"]["same_request"] is True


async def test_a_ruling_resolves_the_task_and_takes_it_from_the_queue(web: Web) -> None:
    campaign = await web.campaign()
    (task,) = await web.add(campaign, {})
    reviewer = await web.sign_in(campaign, "rita@example.com", "reviewer")
    body = {"verdict": "incorrect", "corrected_value": {"text": "⌀8"}}
    ruled = (
        await reviewer.post(f"{LABELING}/tasks/{task}/adjudicate", json=body, headers={"Idempotency-Key": "k"})
    ).json()
    assert (ruled["status"], ruled["consensus_verdict"], ruled["consensus_value"]) == (
        "resolved",
        "incorrect",
        {"text": "⌀8"},
    )
    assert (await web.lead.post(f"{LABELING}/campaigns/{campaign}/next-task")).json() is None
    late = await web.lead.post(f"{LABELING}/tasks/{task}/submit", json=VOTE)
    assert late.json()["error"]["details"]["reason"] == "task_resolved"


async def test_a_reviewer_does_not_rule_on_a_task_he_voted_on(web: Web) -> None:
    campaign = await web.campaign()
    (task,) = await web.add(campaign, {})
    anna = await web.sign_in(campaign, "anna@example.com")
    await anna.post(f"{LABELING}/tasks/{task}/submit", json=VOTE)
    listed = (await web.lead.get(f"{LABELING}/campaigns/{campaign}/assignments")).json()["data"]
    await web.lead.delete(f"{LABELING}/campaigns/{campaign}/assignments/{listed[0]['id']}")
    reviewer = await web.sign_in(campaign, "anna@example.com", "reviewer")
    answer = await reviewer.post(f"{LABELING}/tasks/{task}/adjudicate", json=VOTE)
    assert (answer.status_code, answer.json()["error"]["details"]["reason"]) == (409, "own_vote")


async def test_wrong_bodies_name_what_is_wrong_and_store_nothing(web: Web) -> None:
    campaign = await web.campaign()
    (task,) = await web.add(campaign, {})
    wrong = [
        (f"{LABELING}/tasks/{task}/submit", {"verdict": "maybe"}, "verdict"),
        (
            f"{LABELING}/tasks/{task}/submit",
            {"verdict": "correct", "corrected_value": {"text": "1"}},
            "corrected_value",
        ),
        (f"{LABELING}/campaigns", {"name": "x", "consensus_method": "magic"}, "consensus_method"),
        (f"{LABELING}/campaigns/{campaign}/assignments", {"email": "a@b", "role": "boss"}, "role"),
        (f"{LABELING}/projects", {"name": "x", "selection_policy": {"strategy": "best"}}, "strategy"),
    ]
    fields: list[tuple[dict[str, Any], str]] = [
        ({}, "prompt"),
        ({"prompt": "?", "drawing_bbox": [1, 2, 3]}, "drawing_bbox"),
        ({"prompt": "?", "drawing_bbox": [1, 2, 1, 3]}, "drawing_bbox"),
        ({"prompt": "?", "position": [1]}, "position"),
        ({"prompt": "?", "is_gold": True, "gold_answer": "yes"}, "gold_answer"),
    ]
    path = f"{LABELING}/campaigns/{campaign}/tasks"
    good = {"target_kind": "pmi", "prompt": "?"}
    wrong += [(path, {"tasks": [good, {"target_kind": "pmi", **more}]}, name) for more, name in fields]
    for address, body, name in wrong:
        answer = await web.lead.post(address, json=body)
        assert answer.status_code == 422, (address, answer.text)
        assert name in answer.json()["error"]["details"]["errors"][0]["loc"]
    assert (await web.lead.get(path)).json()["count"] == 1
    assert (await web.lead.get(f"{OURS}/campaigns/{campaign}/submissions")).json()["count"] == 0


async def test_names_are_used_once(web: Web) -> None:
    for path, reason in ((f"{LABELING}/campaigns", "name_taken"), (f"{LABELING}/projects", "name_taken")):
        assert (await web.lead.post(path, json={"name": "one"})).status_code == 201
        again = await web.lead.post(path, json={"name": "one"})
        assert (again.status_code, again.json()["error"]["details"]["reason"]) == (409, reason)


async def test_lists_are_newest_first_and_walk_by_cursor(web: Web) -> None:
    campaign = await web.campaign()
    ids = await web.add(campaign, *[{}] * 7)
    seen, cursor = [], None
    while True:
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await web.lead.get(f"{LABELING}/campaigns/{campaign}/tasks", params=query)).json()
        assert page["count"] == 7
        seen += [row["id"] for row in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids[::-1]
    for query in ({"status": "done"}, {"limit": 0}, {"limit": 501}, {"cursor": "x"}):
        answer = await web.lead.get(f"{LABELING}/campaigns/{campaign}/tasks", params=query)
        assert answer.status_code == 422


async def run_of(web: Web, project: str, count: int) -> str:
    """An imported prediction run: confidences 0.00, 0.01, …; every second truth differs from the prediction."""
    run = new_id()
    with web.house.store.write() as connection:
        values = {"id": run, "project_id": project, "run": run, "created_at": web.house.now}
        connection.execute(insert(calculations).values(**values))
        for n in range(count):
            row = {"calculation_id": run, "target_kind": "pmi", "created_at": web.house.now, "external_id": str(n)}
            row |= {"id": new_id(), "predicted_value": {"text": str(n)}, "predicted_confidence": n / 100}
            row["truth"] = {"text": str(n if n % 2 else n + 1)}
            connection.execute(insert(predictions).values(**row))
    return run


async def test_generate_tasks_follows_the_policy_and_takes_each_prediction_once(web: Web) -> None:
    policy = {"max_confidence": 0.5, "strategy": "uncertainty", "limit": 20}
    body = {"name": "lathe", "selection_policy": policy}
    project = (await web.lead.post(f"{LABELING}/projects", json=body)).json()["id"]
    run = await run_of(web, project, 80)
    path = f"{LABELING}/projects/{project}/generate-tasks"
    first = (await web.lead.post(path, json={"calculation_ids": [run]})).json()
    counters = {name: value for name, value in first.items() if name != "campaign"}
    accepted = {"n_accepted": 0, "n_audited": 0, "n_merged": 0}
    assert counters == {
        "n_candidates": 80,
        "n_eligible": 51,
        "n_skipped": 0,
        "n_honeypots": 2,
        "n_tasks": 18,
        **accepted,
    }
    campaign = first["campaign"]
    assert (campaign["name"], campaign["target_redundancy"], campaign["gold_fraction"], campaign["task_count"]) == (
        "lathe",
        3,
        0.1,
        18,
    )
    tasks = (await web.lead.get(f"{LABELING}/campaigns/{campaign['id']}/tasks")).json()["data"]
    assert max(task["predicted_confidence"] for task in tasks) == 0.19
    second = (await web.lead.post(path, json={"calculation_ids": [run]})).json()
    assert (second["n_skipped"], second["campaign"]["name"]) == (20, "lathe 2")
    unknown = await web.lead.post(path, json={"calculation_ids": [run, new_id()]})
    assert unknown.status_code == 404


async def test_gold_from_truth_leaves_ordinary_work_to_hide_in(web: Web) -> None:
    campaign = await web.campaign(target_redundancy=1, gold_fraction=0.1)
    project = (await web.lead.post(f"{LABELING}/projects", json={"name": "lathe"})).json()["id"]
    body = {"calculation_id": await run_of(web, project, 40), "gold_from_truth": True}
    path = f"{OURS}/campaigns/{campaign}/tasks-from-predictions"
    rest = {"n_merged": 0, "next": None, "updates": None}
    assert (await web.lead.post(path, json=body)).json() == {"n_tasks": 36, "n_gold": 4, "n_skipped": 0, **rest}
    assert (await web.lead.post(path, json=body)).json() == {"n_tasks": 0, "n_gold": 0, "n_skipped": 40, **rest}
    served = 0
    while (await web.lead.post(f"{LABELING}/campaigns/{campaign}/next-task")).json() is not None:
        held = (await web.lead.get(f"{LABELING}/campaigns/{campaign}/tasks")).json()["data"]
        (task,) = [row["id"] for row in held if row["claimed_at"]]
        await web.lead.post(f"{LABELING}/tasks/{task}/submit", json=VOTE)
        served += 1
    assert 36 <= served <= 40


async def test_what_waits_for_an_expert_is_counted_for_who_reviews_and_not_for_annotators(web: Web) -> None:
    campaign = await web.campaign(target_redundancy=2, gold_fraction=0)
    (task,) = await web.add(campaign, {})
    anna = await web.sign_in(campaign, "anna@example.com")
    bert = await web.sign_in(campaign, "bert@example.com")
    expert = await web.sign_in(campaign, "expert@example.com", role="reviewer")
    await anna.post(f"{LABELING}/tasks/{task}/submit", json=VOTE)
    await bert.post(f"{LABELING}/tasks/{task}/submit", json={"verdict": "incorrect"})
    views = [(await who.get(f"{OURS}/campaigns/{campaign}/queue")).json() for who in (web.lead, expert, anna, bert)]
    assert [view["in_review"] for view in views] == [1, 1, 0, 0]

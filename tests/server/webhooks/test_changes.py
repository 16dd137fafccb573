"""Deliveries from changes: none lost and none made twice, whatever commits when, and whoever makes them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from gonogo.schemas.labeling import LabelSubmit
from gonogo.schemas.webhooks import WebhookCreate
from gonogo.server.queue import submissions
from gonogo.server.results.pages import committed_horizon
from gonogo.server.store.engine import Store
from gonogo.server.store.schema import campaigns, webhook_deliveries
from gonogo.server.webhooks import changes
from gonogo.server.webhooks.changes import MAX_PENDING, follow_new_campaigns, plan, store_moves
from gonogo.server.webhooks.deliveries import prune
from gonogo.server.webhooks.endpoints import create_endpoint
from tests.server.house import House, people
from tests.server.test_many_writers import WAIT, blocked

ANNA, BEN = people(2)


def add_endpoint(house: House, campaign: str, *, from_start: bool = False) -> str:
    body = WebhookCreate(url="https://example.com/", campaign_id=campaign, from_start=from_start)
    with house.store.write() as tx:
        return create_endpoint(tx, house.lead, body, house.row(campaign), house.now, private=False).id


def make(house: House) -> int:
    """One round of a sender."""
    moves = plan(house.store, house.now)
    with house.store.write() as tx:
        return store_moves(tx, moves, house.now)


def settled_tasks(store: Store) -> list[str]:
    """Tasks of the deliveries, in their order."""
    query = select(webhook_deliveries.c.body).where(webhook_deliveries.c.event == "task.settled")
    with store.read() as tx:
        bodies = tx.execute(query.order_by(webhook_deliveries.c.number)).scalars()
        return [json.loads(body)["data"]["task_id"] for body in bodies]


def test_a_task_that_commits_late_is_not_passed_by(postgres_house: House) -> None:
    house = postgres_house
    campaign = house.campaign()
    late, next_one = house.add(campaign, {}, {})
    add_endpoint(house, campaign)
    with ThreadPoolExecutor(1) as pool, house.store.write() as settling:
        row = settling.execute(select(campaigns).where(campaigns.c.id == campaign)).one()
        submissions.submit(settling, row, late, ANNA, LabelSubmit(verdict="correct"), house.now)
        settling.execute(select(1))
        house.submit(campaign, next_one, BEN)
        making = pool.submit(make, house)
        assert blocked(house), "the sender waits for what settled before"
        settling.commit()
        assert making.result(WAIT) == 3
    assert settled_tasks(house.store) == [late, next_one]


def test_an_endpoint_made_while_a_task_settles_hears_of_the_next_ones(postgres_house: House) -> None:
    """What is not committed when it is made could get lost between a cursor that is behind it and a lower number."""
    house = postgres_house
    campaign = house.campaign()
    first, second = house.add(campaign, {}, {})
    with ThreadPoolExecutor(1) as pool, house.store.write() as settling:
        row = settling.execute(select(campaigns).where(campaigns.c.id == campaign)).one()
        submissions.submit(settling, row, first, ANNA, LabelSubmit(verdict="correct"), house.now)
        settling.execute(select(1))
        adding = pool.submit(add_endpoint, house, campaign)
        assert blocked(house), "it waits, so that its cursor has nothing uncommitted behind it"
        settling.commit()
        adding.result(WAIT)
    house.submit(campaign, second, BEN)
    make(house)
    assert settled_tasks(house.store) == [second]


def test_a_campaign_is_done_behind_its_last_task(postgres_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where that settles between the sender's two looks: how far all is committed, and what there is."""
    house = postgres_house
    campaign = house.campaign()
    first, last = house.add(campaign, {}, {})
    add_endpoint(house, campaign)
    house.submit(campaign, first, ANNA)

    def look_and_settle(store: Store, campaign_id: str) -> int | None:
        horizon = committed_horizon(store, campaign_id)
        house.submit(campaign_id, last, ANNA)
        return horizon

    with monkeypatch.context() as patched:
        patched.setattr(changes, "committed_horizon", look_and_settle)
        assert make(house) == 1
    assert make(house) == 2
    with house.store.read() as tx:
        events = tx.execute(select(webhook_deliveries.c.event).order_by(webhook_deliveries.c.number)).scalars().all()
    assert events == ["task.settled", "task.settled", "campaign.done"]


def test_two_senders_that_planned_the_same_store_it_once(house: House) -> None:
    campaign = house.campaign()
    tasks = house.add(campaign, {}, {})
    add_endpoint(house, campaign)
    for task in tasks:
        house.submit(campaign, task, ANNA)
    plans = [plan(house.store, house.now), plan(house.store, house.now)]
    stored = []
    for moves in plans:
        with house.store.write() as tx:
            stored.append(store_moves(tx, moves, house.now))
    assert stored == [3, 0]
    assert settled_tasks(house.store) == tasks


def test_an_outage_costs_a_limited_number_of_rows_and_loses_nothing(sqlite_house: House) -> None:
    house = sqlite_house
    campaign = house.campaign()
    house.add(campaign, *[{}] * (MAX_PENDING + 300))
    house.work_off(campaign, ANNA)
    add_endpoint(house, campaign, from_start=True)
    while make(house):
        pass
    n_rows = len(settled_tasks(house.store))
    assert MAX_PENDING <= n_rows < MAX_PENDING + 200
    with house.store.write() as tx:
        tx.execute(webhook_deliveries.update().values(state="delivered", done_at=house.now))
    while make(house):
        pass
    assert len(set(settled_tasks(house.store))) == len(settled_tasks(house.store)) == MAX_PENDING + 300


def test_an_endpoint_whose_outbox_is_full_takes_no_turn_from_another(sqlite_house: House) -> None:
    house = sqlite_house
    campaigns_of_full = [house.campaign() for _ in range(120)]
    with house.at_once():
        for campaign in campaigns_of_full:
            (task,) = house.add(campaign, {})
            house.submit(campaign, task, ANNA)
    full = WebhookCreate(url="https://example.com/", from_start=True)
    with house.store.write() as tx:
        hook = create_endpoint(tx, house.lead, full, None, house.now, private=False).id
        row = {"webhook_id": hook, "event": "ping", "subject": "x", "body": "{}", "state": "pending"}
        rows = [row | {"id": str(n), "next_try_at": house.now, "created_at": house.now} for n in range(MAX_PENDING)]
        tx.execute(webhook_deliveries.insert(), rows)
    other = house.campaign()
    add_endpoint(house, other)
    (task,) = house.add(other, {})
    house.submit(other, task, ANNA)
    make(house)
    assert settled_tasks(house.store) == [task]


def test_a_campaign_with_a_row_that_was_damaged_holds_up_no_other(sqlite_house: House) -> None:
    house = sqlite_house
    damaged, other = house.campaign(), house.campaign()
    (bad,), (good,) = house.add(damaged, {}), house.add(other, {})
    add_endpoint(house, damaged)
    add_endpoint(house, other)
    house.submit(damaged, bad, ANNA)
    house.submit(other, good, ANNA)
    with house.store.write() as tx:
        tx.exec_driver_sql("UPDATE tasks SET predicted_value = '{' WHERE id = ?", (bad,))
    make(house)
    assert settled_tasks(house.store) == [good]


def test_old_deliveries_go_and_waiting_ones_stay(house: House) -> None:
    campaign = house.campaign()
    (task,) = house.add(campaign, {})
    add_endpoint(house, campaign)
    house.submit(campaign, task, ANNA)
    make(house)
    with house.store.write() as tx:
        done = webhook_deliveries.update().where(webhook_deliveries.c.event == "campaign.done")
        tx.execute(done.values(state="failed", done_at=house.now))
    later = house.now.replace(year=2030)
    with house.store.write() as tx:
        assert prune(tx, house.now, 10) == 0, "not yet"
        assert prune(tx, later, 10) == 1
        assert prune(tx, later, 10) == 0
    assert settled_tasks(house.store) == [task]


def test_a_removed_endpoint_goes_with_its_rows(house: House) -> None:
    campaign = house.campaign()
    house.add(campaign, *[{}] * 5)
    hook = add_endpoint(house, campaign)
    house.work_off(campaign, ANNA)
    make(house)
    with house.store.write() as tx:
        tx.exec_driver_sql(f"UPDATE webhooks SET removed_at = 1, disabled_at = 1 WHERE id = '{hook}'")
    gone = 0
    for _round in range(6):
        with house.store.write() as tx:
            gone += prune(tx, house.now, 3)
    with house.store.read() as tx:
        assert tx.execute(select(func.count()).select_from(webhook_deliveries)).scalar() == 0
    assert gone == 6 + 1 + 1


STEPS = st.lists(st.sampled_from(["settle", "make", "make", "add", "new campaign", "close"]), max_size=25)


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_every_settled_task_is_delivered_whatever_happens_in_between(sqlite_house: House, steps: list[str]) -> None:
    house = sqlite_house
    with house.store.write() as tx:
        tx.execute(webhook_deliveries.delete())
        tx.exec_driver_sql("DELETE FROM webhook_cursors")
        tx.exec_driver_sql("DELETE FROM webhooks")
        body = WebhookCreate(url="https://example.com/")
        create_endpoint(tx, house.lead, body, None, house.now, private=False)
    current = house.campaign()
    waiting = house.add(current, {}, {}, {})
    expected: set[str] = set()
    for step in steps:
        if step == "settle" and waiting:
            expected.add(task := waiting.pop())
            house.submit(current, task, ANNA)
        elif step == "make":
            round_of(house)
        elif step == "add" and house.row(current).status == "open":
            waiting += house.add(current, {})
        elif step == "new campaign":
            current, waiting = house.campaign(), []
            waiting = house.add(current, {}, {})
        elif step == "close":
            with house.store.write() as tx:
                tx.execute(
                    campaigns.update().where(campaigns.c.id == current).values(status="closed", closed_at=house.now)
                )
            waiting = []
    for _round in range(3):
        round_of(house)
    delivered = settled_tasks(house.store)
    assert set(delivered) == expected
    assert len(delivered) == len(expected)


def round_of(house: House) -> None:
    with house.store.write() as tx:
        follow_new_campaigns(tx)
    make(house)

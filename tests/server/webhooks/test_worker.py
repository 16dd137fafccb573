"""Messages that arrive: once each, signed, whatever the receiver does; on both databases, at a real receiver."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gonogo.server.store import compiled_statements
from gonogo.server.webhooks.retries import DELIVERY_DELAYS, FAILING_AFTER
from gonogo.server.webhooks.sending import Pacer
from tests.server.house import House
from tests.server.webhooks.conftest import ANNA, Hooks, hooks_of, verify
from tests.support.webhook_receiver import OK, Message, Receiver, status


async def test_a_settled_task_arrives_signed_and_without_people(both_hooks: Hooks, receiver: Receiver) -> None:
    hooks = both_hooks
    campaign = hooks.house.campaign(name="pmi")
    hook = await hooks.add(receiver.url)
    (task, _other) = hooks.house.add(campaign, {"predicted_value": {"text": "⌀16,5"}}, {})
    hooks.settle(campaign, task)
    await hooks.run()
    (message,) = receiver.messages
    assert (message.target, message.headers["content-type"]) == ("/hook?x=1", "application/json")
    assert message.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert verify(message, hook["secret"])
    assert not verify(Message("", message.headers, message.body + b" "), hook["secret"])
    assert int(message.headers["webhook-timestamp"]) == hooks.house.now.timestamp()
    data = message.json["data"]
    assert message.type == "task.settled"
    assert (data["task_id"], data["campaign"], data["predicted_value"]) == (task, "pmi", {"text": "⌀16,5"})
    assert (data["consensus_verdict"], data["submission_count"]) == ("correct", 1)
    assert ANNA.id not in message.body.decode()
    (delivery,) = await hooks.deliveries(hook)
    assert (delivery["id"], delivery["state"], delivery["attempts"]) == (message.id, "delivered", 1)


def settled_data(receiver: Receiver) -> list[dict[str, Any]]:
    return [message.json["data"] for message in receiver.messages if message.type == "task.settled"]


async def test_each_change_arrives_once_and_what_settles_again_arrives_again(
    both_hooks: Hooks, receiver: Receiver
) -> None:
    hooks = both_hooks
    campaign = hooks.house.campaign()
    before = hooks.settle(campaign, *hooks.house.add(campaign, {}))
    await hooks.add(receiver.url)
    tasks = hooks.settle(campaign, *hooks.house.add(campaign, *[{}] * 3))
    await hooks.run()
    await hooks.run()
    assert sorted(receiver.settled) == sorted(tasks), "each once, and nothing of before"
    ruled = await hooks.web.lead.post(
        f"/api/v1/parts/labeling/tasks/{before[0]}/adjudicate", json={"verdict": "incorrect"}
    )
    assert ruled.status_code == 200
    await hooks.run()
    (again,) = [data for data in settled_data(receiver) if data["task_id"] == before[0]]
    assert (again["task_id"], again["consensus_verdict"], again["adjudicated"]) == (before[0], "incorrect", True)
    assert again["cursor"] == max(data["cursor"] for data in settled_data(receiver))


async def test_gold_is_in_no_message(hooks: Hooks, receiver: Receiver) -> None:
    campaign = hooks.house.campaign(gold_fraction=0.5)
    await hooks.add(receiver.url)
    hooks.house.add(campaign, *[{}] * 4, *[{"is_gold": True, "gold_answer": "correct"}] * 4)
    served = hooks.house.work_off(campaign, ANNA)
    await hooks.run()
    assert len(served) > 4
    assert len(receiver.settled) == 4
    (done,) = [message for message in receiver.messages if message.type == "campaign.done"]
    assert done.json["data"]["n_tasks"] == 4


async def test_a_campaign_says_when_it_is_done_and_again_when_tasks_came(both_hooks: Hooks, receiver: Receiver) -> None:
    hooks = both_hooks
    campaign = hooks.house.campaign()
    await hooks.add(receiver.url, events=["campaign.done", "campaign.closed", "campaign.promoted"])
    first = hooks.house.add(campaign, {}, {})
    hooks.settle(campaign, first[0])
    await hooks.run()
    assert receiver.types == []
    hooks.settle(campaign, first[1])
    await hooks.run()
    await hooks.run()
    assert receiver.types == ["campaign.done"]
    more = hooks.house.add(campaign, {})
    await hooks.run()
    hooks.settle(campaign, *more)
    await hooks.run()
    assert receiver.types == ["campaign.done"] * 2
    base = f"/api/v1/parts/labeling/campaigns/{campaign}"
    await hooks.web.lead.post(f"{base}/close")
    await hooks.run()
    await hooks.web.lead.post(f"{base}/promote?force=true")
    await hooks.run()
    assert receiver.types[2:] == ["campaign.closed", "campaign.promoted"]
    assert receiver.messages[-1].json["data"] | {"campaign": ""} == {
        "campaign_id": campaign,
        "campaign": "",
        "status": "promoted",
        "n_tasks": 3,
        "n_open": 0,
        "n_in_review": 0,
        "n_resolved": 3,
    }


async def test_one_that_is_made_later_is_followed_and_another_campaign_is_not(hooks: Hooks, receiver: Receiver) -> None:
    await hooks.add(receiver.url)
    later = hooks.house.campaign()
    async with Receiver() as other:
        only = hooks.house.campaign()
        await hooks.add(other.url, campaign_id=only)
        (task,) = hooks.settle(later, *hooks.house.add(later, {}))
        await hooks.run()
        assert receiver.settled == [task]
        assert other.messages == []


async def test_from_the_start_sends_what_had_settled(hooks: Hooks, receiver: Receiver) -> None:
    campaign = hooks.house.campaign()
    tasks = hooks.settle(campaign, *hooks.house.add(campaign, {}, {}))
    await hooks.add(receiver.url, campaign_id=campaign, from_start=True)
    await hooks.run()
    assert sorted(receiver.settled) == sorted(tasks)
    assert receiver.types.count("campaign.done") == 1


class Killed(BaseException):
    """End of a process, as far as a test in the same process can have it."""


BAD: dict[str, tuple[bytes, str]] = {
    "500": (status(500), "answered 500"),
    "redirect": (status(302, "Location: http://127.0.0.1:1/"), "redirects are not followed"),
    "closed": (b"", "closed the connection"),
    "not http": (b"hello\r\n\r\n", "not HTTP"),
    "huge": (status(500, body=b"x" * 5_000_000), "answered 500"),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_receiver_that_fails_gets_it_again_until_it_takes_it(
    name: str, hooks: Hooks, receiver: Receiver
) -> None:
    answer, words = BAD[name]
    receiver.answer = lambda _message: answer
    campaign = hooks.house.campaign()
    hook = await hooks.add(receiver.url, events=["task.settled"])
    hooks.settle(campaign, *hooks.house.add(campaign, {}))
    await hooks.run()
    await hooks.run()
    assert len(receiver.messages) == 1, "not before its time"
    (delivery,) = await hooks.deliveries(hook)
    assert words in delivery["last_error"]
    assert "hello" not in delivery["last_error"]
    assert (delivery["state"], delivery["attempts"]) == ("pending", 1)
    receiver.answer = lambda _message: OK
    hooks.house.pass_time(seconds=6)
    await hooks.run()
    (delivery,) = await hooks.deliveries(hook)
    assert (delivery["state"], delivery["attempts"], delivery["last_error"]) == ("delivered", 2, None)
    first, second = receiver.messages
    assert (first.id, first.body) == (second.id, second.body)
    assert second.headers["webhook-timestamp"] > first.headers["webhook-timestamp"]


async def test_one_that_hangs_or_fails_holds_up_no_other(sqlite_house: House, receiver: Receiver) -> None:
    house = sqlite_house
    campaign = house.campaign()
    async with Receiver() as hanging, hooks_of(house, seconds=0.6) as hooks:
        hanging.answer = lambda _message: None
        slow = await hooks.add(hanging.url)
        await hooks.add(receiver.url)
        await hooks.add("http://127.0.0.1:1/")
        tasks = hooks.settle(campaign, *hooks.house.add(campaign, *[{}] * 6))
        await hooks.run()
        assert sorted(receiver.settled) == sorted(tasks)
        assert {item["last_error"] for item in await hooks.deliveries(slow)} == {"no answer within 0.6 s"}
        assert (await hooks.show(slow))["state"] == "failing"


async def test_a_lead_who_asks_during_a_try_does_not_wait_for_the_next(house: House, receiver: Receiver) -> None:
    campaign = house.campaign()
    arrived = asyncio.Event()

    def hang_once(_message: Message) -> None:
        receiver.answer = lambda _message: OK
        arrived.set()

    async with hooks_of(house, seconds=0.5) as hooks:
        hook = await hooks.add(receiver.url)
        receiver.answer = lambda _message: status(500)
        hooks.settle(campaign, *house.add(campaign, *[{}] * FAILING_AFTER))
        await hooks.run()
        house.pass_time(minutes=1)
        receiver.answer = hang_once
        await hooks.worker.step()
        await arrived.wait()
        await hooks.post(hook, "test")
        await hooks.run()
        assert "ping" in receiver.types
        assert (await hooks.show(hook))["state"] == "active"


async def test_one_message_that_can_not_be_taken_holds_up_no_other(hooks: Hooks, receiver: Receiver) -> None:
    campaign = hooks.house.campaign()
    tasks = hooks.house.add(campaign, *[{}] * 5)
    hook = await hooks.add(receiver.url, events=["task.settled"])
    receiver.answer = lambda message: status(500) if message.json["data"]["task_id"] == tasks[0] else OK
    hooks.settle(campaign, *tasks)
    for seconds in (0, *DELIVERY_DELAYS):
        hooks.house.pass_time(seconds=1.2 * seconds)
        await hooks.run()
    states = {item["id"]: item["state"] for item in await hooks.deliveries(hook)}
    assert sorted(states.values()) == ["delivered"] * 4 + ["failed"]
    hooks.settle(campaign, *hooks.house.add(campaign, {}))
    hooks.house.pass_time(minutes=15)
    await hooks.run()
    shown = await hooks.show(hook)
    assert (shown["state"], shown["n_pending"], shown["n_failed"]) == ("active", 0, 1)
    poisoned = [message for message in receiver.messages if message.json["data"]["task_id"] == tasks[0]]
    assert len(poisoned) == 10


async def test_of_one_task_the_later_change_never_comes_first(hooks: Hooks, receiver: Receiver) -> None:
    campaign = hooks.house.campaign()
    (task,) = hooks.house.add(campaign, {})
    await hooks.add(receiver.url, events=["task.settled"])
    receiver.answer = lambda _message: status(503)
    hooks.settle(campaign, task)
    await hooks.run()
    await hooks.web.lead.post(f"/api/v1/parts/labeling/tasks/{task}/adjudicate", json={"verdict": "incorrect"})
    await hooks.run()
    receiver.answer = lambda _message: OK
    hooks.house.pass_time(minutes=1)
    await hooks.run()
    verdicts = [message.json["data"]["consensus_verdict"] for message in receiver.messages]
    assert verdicts == ["correct", "correct", "incorrect"]


async def test_an_endpoint_that_is_down_costs_few_tries_and_goes_on_where_it_stopped(
    both_hooks: Hooks, receiver: Receiver
) -> None:
    hooks = both_hooks
    campaign = hooks.house.campaign()
    hook = await hooks.add(receiver.url, events=["task.settled"])
    receiver.answer = lambda _message: status(500)
    tasks = hooks.settle(campaign, *hooks.house.add(campaign, *[{}] * 30))
    await hooks.run()
    n_first = len(receiver.messages)
    for _minute in range(60):
        hooks.house.pass_time(minutes=1)
        await hooks.run()
    assert len(receiver.messages) - n_first <= 10
    assert (await hooks.show(hook))["failing_since"]
    receiver.answer = lambda _message: OK
    hooks.house.pass_time(minutes=15)
    await hooks.run()
    hooks.house.pass_time(hours=7)
    await hooks.run()
    states = [item["state"] for item in await hooks.deliveries(hook)]
    assert states == ["delivered"] * len(tasks)
    assert (await hooks.show(hook))["state"] == "active"


async def test_an_endpoint_asks_for_time_and_gets_it(hooks: Hooks, receiver: Receiver) -> None:
    campaign = hooks.house.campaign()
    await hooks.add(receiver.url, events=["task.settled"])
    receiver.answer = lambda _message: status(429, "Retry-After: 300")
    hooks.settle(campaign, *hooks.house.add(campaign, {}))
    await hooks.run()
    hooks.house.pass_time(seconds=200)
    await hooks.run()
    assert len(receiver.messages) == 1
    hooks.house.pass_time(seconds=101)
    await hooks.run()
    assert len(receiver.messages) == 2


async def test_two_workers_send_nothing_twice_and_the_second_takes_over(both_hooks: Hooks, receiver: Receiver) -> None:
    hooks, house = both_hooks, both_hooks.house
    campaign = house.campaign()
    await hooks.add(receiver.url, events=["task.settled"])
    async with hooks_of(house) as second:
        for _round in range(5):
            hooks.settle(campaign, *house.add(campaign, *[{}] * 3))
            await hooks.worker.step()
            await second.worker.step()
            await hooks.run()
            await second.run()
        assert (hooks.worker.has_lease, second.worker.has_lease) == (True, False)
        assert len(receiver.settled) == len(set(receiver.settled)) == 15
        last = hooks.settle(campaign, *house.add(campaign, {}))
        house.pass_time(seconds=31)  # the first one was killed
        await second.run()
        assert receiver.settled[-1:] == last
        await hooks.run()
        assert (hooks.worker.has_lease, second.worker.has_lease) == (False, True)


async def test_a_server_killed_between_sending_and_recording_sends_again(
    hooks: Hooks, receiver: Receiver, sqlite_house: House
) -> None:
    house = sqlite_house
    campaign = house.campaign()
    hook = await hooks.add(receiver.url, events=["task.settled"])
    hooks.settle(campaign, *house.add(campaign, {}))
    async with hooks_of(house) as doomed:

        async def killed(*_given: object) -> None:
            raise Killed

        doomed.worker._record = killed  # type: ignore[assignment]
        await doomed.worker.step()
        lanes = list(doomed.worker._lanes.values())
        for lane in lanes:
            with pytest.raises(Killed):
                await lane
        house.pass_time(seconds=31)
        await hooks.run()
    first, second = receiver.messages
    assert (first.id, first.body) == (second.id, second.body)
    assert [item["state"] for item in await hooks.deliveries(hook)] == ["delivered"]


async def test_claims_and_votes_send_the_same_statements_with_an_endpoint(
    both_hooks: Hooks, receiver: Receiver
) -> None:
    hooks, house = both_hooks, both_hooks.house
    campaign = house.campaign()
    house.add(campaign, *[{}] * 4)

    def statements() -> list[str]:
        sent: list[str] = []

        def note(statement: str, _values: object) -> None:
            sent.append(statement)

        compiled_statements.watchers.append(note)
        try:
            house.work_off_some(campaign, ANNA, 1)
        finally:
            compiled_statements.watchers.remove(note)
        return sent

    statements()
    without = statements()
    await hooks.add(receiver.url)
    assert statements() == without
    await hooks.run()
    assert len(receiver.settled) == 1


async def test_a_backlog_is_spread() -> None:
    pacer, times = Pacer(200), []
    for _message in range(5):
        await pacer.turn()
        times.append(asyncio.get_running_loop().time())
    assert times[-1] - times[0] >= 4 * 0.005 * 0.9

"""What a lead does with an endpoint: a new secret, disable and enable, replay, remove."""

from __future__ import annotations

import base64
from pathlib import Path

from sqlalchemy import select

from gonogo.server.ops.preflight import run_checks
from gonogo.server.store.schema import server_secrets, webhooks
from gonogo.server.webhooks.endpoints import MAX_ENDPOINTS
from tests.server.web import OURS
from tests.server.webhooks.conftest import Hooks, verify
from tests.support.webhook_receiver import OK, Receiver, status


async def test_gone_disables_and_days_of_failure_do_and_enabling_goes_on(hooks: Hooks, receiver: Receiver) -> None:
    campaign = hooks.house.campaign()
    hook = await hooks.add(receiver.url, events=["task.settled"])
    receiver.answer = lambda _message: status(410)
    hooks.settle(campaign, *hooks.house.add(campaign, {}))
    await hooks.run()
    shown = await hooks.show(hook)
    assert (shown["state"], shown["disabled_reason"]) == ("disabled", "it answered 410 Gone")
    hooks.settle(campaign, *hooks.house.add(campaign, {}))
    hooks.house.pass_time(days=2)
    await hooks.run()
    assert len(receiver.messages) == 1
    receiver.answer = lambda _message: status(500)
    await hooks.post(hook, "enable")
    for _day in range(7):
        hooks.settle(campaign, *hooks.house.add(campaign, {}))
        await hooks.run()
        hooks.house.pass_time(days=1)
    shown = await hooks.show(hook)
    assert (shown["state"], shown["disabled_reason"]) == ("disabled", "it failed for 5 days: answered 500")
    missed = hooks.settle(campaign, *hooks.house.add(campaign, {}))
    receiver.answer = lambda _message: OK
    receiver.messages.clear()
    await hooks.post(hook, "enable")
    hooks.house.pass_time(days=1)
    await hooks.run()
    assert missed[0] in receiver.settled, "what settled meanwhile waited"
    assert len(receiver.settled) > 2


async def test_a_new_secret_signs_beside_the_old_one_for_a_day(hooks: Hooks, receiver: Receiver) -> None:
    hook = await hooks.add(receiver.url)
    fresh = await hooks.post(hook, "rotate")
    assert fresh["secret"].startswith("whsec_")
    assert fresh["secret"] != hook["secret"]
    await hooks.post(hook, "test")
    await hooks.run()
    assert [verify(receiver.messages[-1], secret) for secret in (hook["secret"], fresh["secret"])] == [True, True]
    hooks.house.pass_time(hours=24)
    await hooks.post(hook, "test")
    await hooks.run()
    assert [verify(receiver.messages[-1], secret) for secret in (hook["secret"], fresh["secret"])] == [False, True]
    assert receiver.types == ["ping", "ping"]


async def test_replay_sends_the_same_message_again(hooks: Hooks, receiver: Receiver) -> None:
    campaign = hooks.house.campaign()
    hook = await hooks.add(receiver.url, events=["task.settled"])
    hooks.settle(campaign, *hooks.house.add(campaign, {}, {}))
    await hooks.run()
    replayed = await hooks.post(hook, f"deliveries/{receiver.messages[0].id}/replay")
    assert replayed["state"] == "pending"
    await hooks.run()
    assert [message.id for message in receiver.messages].count(receiver.messages[0].id) == 2
    since = "2026-01-01T00:00:00Z"
    assert await hooks.post(hook, "replay", since=since) == {"replayed": 0, "next_after": None}
    assert (await hooks.post(hook, "replay", since=since, all=True))["replayed"] == 2
    later = hooks.house.now.isoformat()
    hooks.house.pass_time(seconds=1)
    await hooks.run()
    assert len(receiver.messages) == 5
    assert (await hooks.post(hook, "replay", since="2027-01-01T00:00:00Z", all=True))["replayed"] == 0
    assert later


async def test_a_disabled_or_removed_endpoint_hears_nothing(hooks: Hooks, receiver: Receiver) -> None:
    campaign = hooks.house.campaign()
    hook = await hooks.add(receiver.url)
    await hooks.post(hook, "disable")
    hooks.settle(campaign, *hooks.house.add(campaign, {}))
    await hooks.run()
    refused = await hooks.web.lead.post(f"/api/v1/gonogo/webhooks/{hook['id']}/test")
    assert (refused.status_code, refused.json()["error"]["details"]["reason"]) == (409, "disabled")
    await hooks.web.lead.delete(f"/api/v1/gonogo/webhooks/{hook['id']}")
    await hooks.run()
    assert receiver.messages == []
    assert (await hooks.web.lead.get(f"/api/v1/gonogo/webhooks/{hook['id']}")).status_code == 404
    assert (await hooks.web.lead.get("/api/v1/gonogo/webhooks")).json()["data"] == []


async def test_an_organisation_has_a_limited_number(hooks: Hooks) -> None:
    created = [await hooks.add(f"https://hooks.example.com/{number}") for number in range(MAX_ENDPOINTS)]
    refused = await hooks.web.lead.post(f"{OURS}/webhooks", json={"url": "https://hooks.example.com/more"})
    assert (refused.status_code, refused.json()["error"]["details"]["reason"]) == (409, "too_many")
    await hooks.web.lead.delete(f"{OURS}/webhooks/{created[0]['id']}")
    await hooks.add("https://hooks.example.com/more")


async def test_the_check_of_a_server_names_endpoints_that_get_nothing(hooks: Hooks, receiver: Receiver) -> None:
    gone = await hooks.add(receiver.url)
    quiet = await hooks.add("https://hooks.example.com/secret-path")
    receiver.answer = lambda _message: status(410)
    await hooks.post(gone, "test")
    await hooks.run()
    await hooks.post(quiet, "disable")
    warnings = [
        finding.text for finding in run_checks(hooks.house.store, None, "127.0.0.1") if finding.level == "warning"
    ]
    (warning,) = [text for text in warnings if "webhook" in text]
    assert (
        warning == f"The webhook to 127.0.0.1 is disabled: it answered 410 Gone. `gonogo webhooks enable {gone['id']}`"
    )


async def test_a_secret_is_readable_nowhere_but_in_its_one_answer(hooks: Hooks) -> None:
    hook = await hooks.add("https://hooks.example.com/")
    fresh = await hooks.post(hook, "rotate")
    await hooks.post(hook, "test")
    shown = [await hooks.show(hook), await hooks.deliveries(hook), (await hooks.web.lead.get(f"{OURS}/webhooks")).text]
    database = Path(str(hooks.house.store.url.database))
    stored = b"".join(file.read_bytes() for file in database.parent.glob(database.name + "*"))
    assert hook["id"].encode() in stored
    for secret in (hook["secret"].removeprefix("whsec_"), fresh["secret"].removeprefix("whsec_")):
        assert secret not in str(shown)
        assert secret.encode() not in stored
        assert base64.b64decode(secret) not in stored


async def test_a_secret_that_was_moved_to_another_endpoint_signs_nothing(hooks: Hooks, receiver: Receiver) -> None:
    first, second = await hooks.add(receiver.url), await hooks.add(receiver.url)
    with hooks.house.store.write() as tx:
        (sealed,) = tx.execute(select(webhooks.c.secret).where(webhooks.c.id == first["id"])).one()
        tx.execute(webhooks.update().where(webhooks.c.id == second["id"]).values(secret=sealed))
    await hooks.post(second, "test")
    await hooks.run()
    assert receiver.messages == []
    (delivery,) = await hooks.deliveries(second)
    assert "gonogo webhooks rotate" in delivery["last_error"]
    await hooks.post(second, "rotate")
    hooks.house.pass_time(minutes=1)
    await hooks.run()
    assert receiver.types == ["ping"]


async def test_without_the_key_of_its_secret_an_endpoint_says_so(both_hooks: Hooks, receiver: Receiver) -> None:
    """As after a restore of some tables: the sender only reads there, and can't make a new key."""
    hook = await both_hooks.add(receiver.url)
    with both_hooks.house.store.write() as tx:
        tx.execute(server_secrets.delete().where(server_secrets.c.name == "webhooks"))
    await both_hooks.post(hook, "test")
    await both_hooks.run()
    (delivery,) = await both_hooks.deliveries(hook)
    assert (receiver.messages, delivery["attempts"]) == ([], 1)
    assert "gonogo webhooks rotate" in delivery["last_error"]
    await both_hooks.post(hook, "rotate")
    both_hooks.house.pass_time(minutes=1)
    await both_hooks.run()
    assert receiver.types == ["ping"]

"""Our campaigns, read the way a program written for Centaur's results API reads."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.server.results.conftest import GONOGO, LABELING, Served

LIST = "/results/public/v1/list"
GET = "/results/public/v1/get"


async def listed(http: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    answer = await http.get(LIST, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_states_follow_the_life_of_a_task(either: Served) -> None:
    first, second, third = await either.add(3)
    (gold,) = await either.add(1, is_gold=True, gold_answer="incorrect")
    http = await either.signed_in()

    async def states() -> dict[str, str]:
        page = await listed(http, task_id=either.number)
        return {case["gonogo"]["task_id"]: case["labeling_state"] for case in page["payload"]}

    assert await states() == {first: "Ready", second: "Ready", third: "Ready", gold: "Gold Standard"}
    await either.vote(first)
    await either.vote(second, "unsure")
    await either.ok("POST", f"{LABELING}/campaigns/{either.campaign}/close")
    found = await states()
    assert (found[first], found[third], found[gold]) == ("Labeled", "Canceled", "Gold Standard")
    for state in ("Ready", "Labeled", "Gold Standard", "Canceled", "Flagged", "Active"):
        page = await listed(http, task_id=either.number, labeling_state=state)
        assert {case["gonogo"]["task_id"] for case in page["payload"]} == {k for k, v in found.items() if v == state}


async def test_a_case_tells_its_votes(served: Served) -> None:
    (task,) = await served.add(1, drawing_bbox=[0.1, 0.2, 0.3, 0.4])
    await served.vote(task, "correct")
    http = await served.signed_in()
    (case,) = (await listed(http, task_id=served.number))["payload"]
    assert (case["task_id"], case["task_name"], case["task_type"]) == (served.number, "pmi", "choice")
    assert (case["qualified_reads"], case["agreement"], case["difficulty"]) == (1, 1.0, 0.0)
    assert (case["majority_label"], case["correct_label"]) == ("correct", "correct")
    assert case["read_stats"]["counts"] == {"correct": 1}
    assert case["patch"] == "POLYGON ((10 20, 30 20, 30 40, 10 40, 10 20))"
    got = await http.get(GET, params={"task_id": served.number, "case_id": case["case_id"], "verbose": "true"})
    assert got.json()["read_stats"]["reads"][0]["answer"]["answer_class"] == "correct"


async def test_pages_follow_the_last_sequence_id(either: Served) -> None:
    wanted = set(await either.add(7))
    http = await either.signed_in()
    seen: list[str] = []
    query: dict[str, Any] = {"task_id": either.number, "limit": 3}
    sizes = []
    while True:
        page = await listed(http, **query)
        sizes.append(len(page["payload"]))
        seen += [case["gonogo"]["task_id"] for case in page["payload"]]
        if not page["has_next"]:
            break
        query["last_sequence_id"] = page["last_sequence_id"]
    assert sizes == [3, 3, 1]
    assert set(seen) == wanted
    later = await listed(http, task_id=either.number, last_sequence_id=page["last_sequence_id"])
    assert (later["payload"], later["has_next"]) == ([], False)
    await either.vote(seen[0])
    (changed,) = (await listed(http, task_id=either.number, last_sequence_id=page["last_sequence_id"]))["payload"]
    assert changed["gonogo"]["task_id"] == seen[0]


@pytest.mark.slow
async def test_a_walk_while_people_submit_misses_nothing(either: Served) -> None:
    """Every case is seen, and each whose vote came during the walk is seen with it or found after it."""
    tasks = await either.add(120)
    http = await either.signed_in()
    done = asyncio.Event()

    async def work() -> None:
        order = random.Random(5).sample(tasks, len(tasks))
        for task in order:
            await either.vote(task)
            await asyncio.sleep(0)
        done.set()

    async def walk() -> dict[str, str]:
        last, state = 0, {}
        while True:
            ended = done.is_set()  # a vote may come between the page and a look behind it
            page = await listed(http, task_id=either.number, limit=10, last_sequence_id=last)
            for case in page["payload"]:
                state[case["gonogo"]["task_id"]] = case["labeling_state"]
            last = page["last_sequence_id"]
            if not page["has_next"] and ended:
                return state
            await asyncio.sleep(0)

    _, state = await asyncio.gather(work(), walk())
    last_look = await listed(http, task_id=either.number, limit=1000)
    assert set(state) == set(tasks)
    assert {case["labeling_state"] for case in last_look["payload"]} == {"Labeled"}
    assert set(state.values()) == {"Labeled"}


async def test_updated_after_is_utc_without_a_zone_and_exclusive(either: Served) -> None:
    await either.add(2)
    http = await either.signed_in()
    (first, _) = (await listed(http, task_id=either.number))["payload"]
    at = first["gonogo"]["updated_at"]
    past = await listed(http, task_id=either.number, updated_after="2022-07-14T12:00:00")
    assert len(past["payload"]) == 2
    assert (await listed(http, task_id=either.number, updated_after="2999-01-01T00:00:00Z"))["payload"] == []
    same = await listed(http, task_id=either.number, updated_after=at.removesuffix("Z"))
    zoned = await listed(http, task_id=either.number, updated_after=at.replace("Z", "+00:00"))
    assert same["payload"] == zoned["payload"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({}, "task_id is required"),
        ({"task_id": "x"}, "task_id is invalid"),
        ({"task_id": "{n}", "labeling_state": "ready"}, "Ready, Active, Labeled, Gold Standard, Canceled, Flagged"),
        ({"task_id": "{n}", "limit": "1001"}, "limit is invalid"),
        ({"task_id": "{n}", "limit": "0"}, "limit is invalid"),
        ({"task_id": "{n}", "verbose": "maybe"}, "verbose is invalid"),
        ({"task_id": "{n}", "updated_after": "yesterday"}, "updated_after is invalid"),
        ({"task_id": "{n}", "last_sequence_id": "-1"}, "last_sequence_id is invalid"),
        ({"task_id": "9" * 19}, "task_id is invalid"),
    ],
)
async def test_a_wrong_parameter_is_400_with_a_message(served: Served, query: dict[str, str], said: str) -> None:
    http = await served.signed_in()
    answer = await http.get(LIST, params={name: text.format(n=served.number) for name, text in query.items()})
    assert (answer.status_code, set(answer.json())) == (400, {"message"})
    assert said in answer.json()["message"]


async def test_what_is_not_there_is_404_with_a_message(served: Served) -> None:
    http = await served.signed_in()
    for path, query in ((LIST, {"task_id": 999}), (GET, {"task_id": served.number, "case_id": 999})):
        answer = await http.get(path, params=query)
        assert (answer.status_code, set(answer.json())) == (404, {"message"})


async def test_key_and_session_are_both_needed_and_belong_together(served: Served) -> None:
    http = await served.signed_in()
    token = http.headers["Authorization"]
    other = await served.ok("POST", f"{GONOGO}/keys", json={"name": "other", "scopes": ["parts:read"]})
    for headers in (
        {"X-API-KEY": served.key, "Authorization": ""},
        {"X-API-KEY": "", "Authorization": token},
        {"X-API-KEY": other["key"], "Authorization": token},
        {"X-API-KEY": served.key, "Authorization": "Bearer gr_made_up"},
    ):
        answer = await http.get(LIST, params={"task_id": served.number}, headers=headers)
        assert (answer.status_code, set(answer.json())) == (401, {"message"})


async def test_a_session_is_tested_renewed_and_ended(served: Served) -> None:
    http = await served.signed_in()
    old = http.headers["Authorization"]
    assert (await http.post("/auth/public/v1/testToken")).status_code == 200
    fresh = (await http.post("/auth/public/v1/refreshToken")).json()["token"]
    assert (await http.post("/auth/public/v1/testToken", headers={"Authorization": old})).status_code == 401
    http.headers["Authorization"] = f"Bearer {fresh}"
    assert (await http.post("/auth/public/v1/logout")).json() == {"message": "Logged out."}
    assert (await http.post("/auth/public/v1/testToken")).status_code == 401
    assert "version" in (await http.get("/auth/public/v1/version")).json()


async def test_a_wrong_password_is_401_and_guessing_is_slowed(served: Served) -> None:
    http = await served.signed_in()
    body = {"username": served.username, "api_password": "wrong"}
    statuses = [(await http.post("/auth/public/v1/login", json=body)).status_code for _ in range(12)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert (await http.post("/auth/public/v1/login", content=b"{")).status_code == 429


async def test_a_login_without_its_fields_is_400(served: Served) -> None:
    http = await served.signed_in()
    for body in (b"", b"{", b'{"username": "x"}', b'{"username": 7, "api_password": []}'):
        answer = await http.post("/auth/public/v1/login", content=body)
        assert (answer.status_code, set(answer.json())) == (400, {"message"})


async def test_a_revoked_key_ends_everything(served: Served) -> None:
    http = await served.signed_in()
    (key,) = [item for item in (await served.ok("GET", f"{GONOGO}/keys"))["data"] if item["name"] == "reports"]
    assert key["results_username"] == served.username
    await served.ok("DELETE", f"{GONOGO}/keys/{key['id']}")
    assert (await http.get(LIST, params={"task_id": served.number})).status_code == 401


async def test_what_was_updated_lately_is_found_among_many_wherever_the_walk_begins(either: Served) -> None:
    """One change a minute, 1,500 of them: the page begins where the clock says, and no later."""
    for _ in range(3):
        await either.add(500)
    with either.app.state.store.write() as connection:
        connection.execute(
            text("UPDATE cases SET updated_at = :start + seq * 60000000"), {"start": 1_700_000_000_000_000}
        )
    http = await either.signed_in()
    (first, *_) = (await listed(http, task_id=either.number))["payload"]
    changes = range(first["gonogo"]["sequence_id"], first["gonogo"]["sequence_id"] + 1500)
    for minute, after in ((0, 0), (1, 0), (750, 0), (1440, 0), (1500, 0), (1501, 0), (700, 900), (900, 700)):
        since = datetime.fromtimestamp(1_700_000_000 + 60 * minute, UTC).isoformat()
        query = {"task_id": either.number, "limit": 1000, "updated_after": since, "last_sequence_id": after}
        found = [case["gonogo"]["sequence_id"] for case in (await listed(http, **query))["payload"]]
        assert found == [change for change in changes if change > max(minute, after)][:1000]

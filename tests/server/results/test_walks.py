"""Walks over a task by the command line: what breaks them off, what is said then, and how they go on."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.cli.conftest import Gonogo
from tests.client.scripted_server import Got, HalfBody, Reply, Reset, ScriptedServer, Step

ENV = {"CENTAUR_API_KEY": "centaur-key", "CENTAUR_USERNAME": "a@b.example", "CENTAUR_API_PASSWORD": "a-password"}
EXPIRED = Reply(401, {"message": "Token has expired"})


class Centaur:
    """Five cases, two a page; `answers` go first, by number of the list request."""

    def __init__(self, answers: dict[int, Step]) -> None:
        self.answers, self.lists, self.logins = answers, 0, 0

    def __call__(self, got: Got) -> Step:
        if got.path.endswith("/login"):
            self.logins += 1
            return Reply(200, {"token": f"session-token-{self.logins}"})
        self.lists += 1
        if self.lists in self.answers:
            return self.answers[self.lists]
        first = int(got.query.partition("last_sequence_id=")[2] or 0)
        body: dict[str, Any] = {
            "payload": [{"case_id": n, "labeling_state": "Flagged"} for n in range(first + 1, min(first + 2, 5) + 1)]
        }
        return Reply(200, body | ({"has_next": True, "last_sequence_id": first + 2} if first < 4 else {}))


@pytest.fixture
def gonogo() -> Gonogo:
    return Gonogo(CliRunner())


async def listed(gonogo: Gonogo, url: str, *more: str, code: int = 0) -> tuple[list[int], Result]:
    command = ("results", "list", "--source", "centaur", "--base-url", url, "--task", "12", "--jsonl", *more)
    done = await asyncio.to_thread(lambda: gonogo(*command, env=ENV, code=code))
    return [json.loads(line)["case_id"] for line in done.stdout.splitlines()], done


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (Reply(404, {"message": "Task 12 was deleted"}), 4, "Task 12 was deleted"),
        (Reply(400, {"message": "last_sequence_id is invalid"}), 4, "last_sequence_id is invalid"),
        (Reply(426, '"Use the v2 path"', {"Content-Type": "application/json"}), 4, "version 2 of that API"),
        (Reply(403, {"message": "No", "code": "restricted_country"}), 4, "No"),
    ],
)
async def test_a_walk_that_is_refused_on_the_way_keeps_what_came_and_says_where_it_stood(
    gonogo: Gonogo, answer: Step, code: int, said: str
) -> None:
    async with ScriptedServer(Centaur({2: answer})) as server:
        cases, done = await listed(gonogo, server.url, code=code)
        assert cases == [1, 2]
        assert said in done.stderr
        assert "2 cases written; --after 2 goes on from there" in done.stderr
        rest, _ = await listed(gonogo, server.url, "--after", "2")
    assert cases + rest == [1, 2, 3, 4, 5]


async def test_expired_tokens_lost_pages_and_half_pages_are_got_over(gonogo: Gonogo) -> None:
    centaur = Centaur({2: EXPIRED, 3: Reset(), 5: HalfBody(Reply(200, {"payload": []})), 6: EXPIRED})
    async with ScriptedServer(centaur) as server:
        cases, _ = await listed(gonogo, server.url)
    assert cases == [1, 2, 3, 4, 5]
    assert centaur.logins == 3


async def test_an_unknown_state_lists_the_known_ones_before_anything_is_asked(gonogo: Gonogo) -> None:
    async with ScriptedServer(Centaur({})) as server:
        _, done = await listed(gonogo, server.url, "--state", "flagged", code=2)
        assert server.requests == []
    for state in ("Ready", "Active", "Labeled", "Gold Standard", "Canceled", "Flagged"):
        assert state in done.stderr


async def test_a_task_deleted_while_it_is_brought_home_leaves_no_half_campaign(gonogo: Gonogo) -> None:
    gone = Reply(404, {"message": "Task 12 was deleted"})
    async with ScriptedServer(Centaur({2: gone})) as server:
        command = ["import", "--from", "centaur", "--task", "12", "--results-url", server.url, "--campaign", "again"]
        done = await asyncio.to_thread(lambda: gonogo(*command, env=ENV, code=4))
    assert "Task 12 was deleted" in done.stderr
    assert await asyncio.to_thread(lambda: gonogo.json("campaign", "list")) == []

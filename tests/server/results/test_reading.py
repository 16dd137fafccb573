"""Our client of a results API: against a scripted server made from the published facts, and against our own."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest

from gonogo.client.credential import ApiKey
from gonogo.client.errors import (
    AuthenticationError,
    InvalidInputError,
    InvalidRequestError,
    NetworkError,
    NotFoundError,
    PermissionDeniedError,
    ServerError,
    UnexpectedAnswerError,
)
from gonogo.client.results_api import CaseFilters, ResultsClient
from gonogo.client.transport.retry import ONCE, RetryPolicy
from gonogo.schemas.results_api import LoginRequest
from tests.client.scripted_server import Got, HalfBody, Reply, Reset, ScriptedServer, Step, Time
from tests.server.results.conftest import Served

PASSWORD = "sEcReT-api-password"


async def login() -> LoginRequest:
    return LoginRequest(username="ana@example.com", api_password=PASSWORD)


def client_of(url: str, retry: RetryPolicy = ONCE, **more: Any) -> ResultsClient:
    return ResultsClient(url, ApiKey("centaur-key"), login, retry=retry, **more)


class Centaur:
    """As the facts have it: sessions by login, pages by `last_sequence_id`; `answers` go first, one a request."""

    def __init__(self, n_cases: int = 5, page: int = 2, answers: dict[int, Step] | None = None) -> None:
        self.n_cases, self.page, self.answers = n_cases, page, answers or {}
        self.logins, self.lists = 0, 0

    def __call__(self, got: Got) -> Step:
        if got.path == "/auth/public/v1/login":
            self.logins += 1
            if got.headers.get("x-api-key") != "centaur-key" or got.json["api_password"] != PASSWORD:
                return Reply(401, {"message": "Unauthorized"})
            return Reply(200, {"token": f"t{self.logins}", "id": 7, "email": "ana@example.com", "role": "customer"})
        if got.path == "/results/public/v1/list":
            self.lists += 1
            if self.lists in self.answers:
                return self.answers[self.lists]
            if got.headers.get("authorization") != f"Bearer t{self.logins}":
                return Reply(401, {"message": "Token has expired"})
            return self._list(got)
        return Reply(404, {"message": "no"})

    def _list(self, got: Got) -> Reply:
        query = dict(pair.split("=") for pair in got.query.split("&"))
        first = int(query.get("last_sequence_id", "0"))
        ids = range(first + 1, min(first + self.page, self.n_cases) + 1)
        body: dict[str, Any] = {
            "payload": [{"case_id": n, "labeling_state": "Labeled", "new_field": {"a": 1}} for n in ids]
        }
        if first + self.page < self.n_cases:
            body |= {"has_next": True, "last_sequence_id": first + self.page, "limit": self.page}
        return Reply(200, body)


async def walked(client: ResultsClient, **filters: Any) -> list[int | None]:
    return [case.case_id async for case in client.cases(12, CaseFilters(**filters))]


async def test_all_pages_are_followed_with_filters_on_each() -> None:
    async with ScriptedServer(Centaur()) as server, client_of(server.url) as client:
        assert await walked(client, labeling_state="Gold Standard", updated_after="2022-07-14T12:00:00") == [
            1,
            2,
            3,
            4,
            5,
        ]
    pages = [got for got in server.requests if got.path.endswith("/list")]
    assert len(pages) == 3
    assert all("labeling_state=Gold+Standard&updated_after=2022-07-14T12%3A00%3A00" in got.query for got in pages)
    assert all(got.headers["x-api-key"] == "centaur-key" for got in server.requests)


async def test_a_token_that_expires_in_mid_walk_is_renewed_and_the_same_page_asked_again() -> None:
    centaur = Centaur(answers={2: Reply(401, {"message": "Token has expired"})})
    async with ScriptedServer(centaur) as server, client_of(server.url) as client:
        assert await walked(client) == [1, 2, 3, 4, 5]
    assert centaur.logins == 2
    asked = [got.query for got in server.requests if got.path.endswith("/list")]
    assert asked[1] == asked[2]


async def test_a_break_says_where_and_a_second_walk_goes_on_there() -> None:
    centaur = Centaur(answers={2: Reset()})
    async with ScriptedServer(centaur) as server, client_of(server.url) as client:
        seen: list[int | None] = []
        last: int | None = None
        with pytest.raises(NetworkError):  # noqa: PT012 - the walk is the statement
            async for page in client.pages(12):
                seen += [case.case_id for case in page.payload]
                last = page.last_sequence_id
        assert (seen, last) == ([1, 2], 2)
        seen += [case.case_id async for case in client.cases(12, after=last)]
    assert seen == [1, 2, 3, 4, 5]


async def test_a_half_page_is_asked_for_again() -> None:
    time = Time()
    retry = RetryPolicy(clock=time.clock, sleep=time.sleep, chance=lambda: 1.0)
    centaur = Centaur(answers={2: HalfBody(Reply(200, {"payload": []})), 3: Reply(502, "bad gateway")})
    async with ScriptedServer(centaur) as server, client_of(server.url, retry) as client:
        assert await walked(client) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (Reply(400, {"message": "The parameter is invalid"}), InvalidRequestError, "The parameter is invalid"),
        (Reply(426, '"Use the v2 path"', {"Content-Type": "application/json"}), InvalidRequestError, "Use the v2 path"),
        (Reply(500, "it broke", {"Content-Type": "text/plain"}), ServerError, "it broke"),
        (Reply(403, {"message": "Not from there", "code": "restricted_country"}), PermissionDeniedError, "Not from"),
        (Reply(404, {"message": "no such case"}), NotFoundError, "no such case"),
        (Reply(200, {"has_next": True}), UnexpectedAnswerError, "payload"),
        (Reply(200, "<html>portal</html>"), UnexpectedAnswerError, "portal"),
    ],
)
async def test_the_three_forms_of_an_error_body(reply: Reply, kind: type[Exception], said: str) -> None:
    async with ScriptedServer(Centaur(answers={1: reply})) as server, client_of(server.url) as client:
        with pytest.raises(kind, match=said) as caught:
            await walked(client)
    if reply.status == 426:
        assert "version 2" in getattr(caught.value, "next_step")  # noqa: B009


async def test_a_page_without_has_next_is_the_last_and_a_page_that_stands_still_is_an_error() -> None:
    still = Reply(200, {"payload": [], "has_next": True, "last_sequence_id": 2})
    async with ScriptedServer(Centaur(answers={2: still})) as server, client_of(server.url) as client:
        with pytest.raises(UnexpectedAnswerError, match="same one again"):
            await walked(client)
    bare = Reply(200, {"payload": [{"case_id": 9}], "has_next": True})
    async with ScriptedServer(Centaur(answers={1: bare})) as server, client_of(server.url) as client:
        assert await walked(client) == [9]


async def test_a_wrong_password_is_said_once_and_never_shown() -> None:
    def script(got: Got) -> Step:
        return Reply(401, {"message": f"wrong: {PASSWORD}"})

    async with ScriptedServer(script) as server, client_of(server.url) as client:
        with pytest.raises(AuthenticationError) as caught:
            await walked(client)
        assert PASSWORD not in f"{caught.value!r} {caught.value} {client!r}"
        assert "centaur-key" not in repr(client)
    assert len(server.requests) == 1


async def test_an_unknown_state_is_refused_here() -> None:
    async with client_of("https://api.example") as client:
        with pytest.raises(InvalidInputError) as caught:
            await walked(client, labeling_state="ready")
    assert "Gold Standard" in caught.value.next_step


async def test_our_own_server_is_read_by_the_same_client(served: Served) -> None:
    tasks = await served.add(5)
    await served.vote(tasks[3])

    async def ours() -> LoginRequest:
        return LoginRequest(username=served.username, api_password=served.api_password)

    transport = served.transport()
    async with ResultsClient("http://test.localhost", ApiKey(served.key), ours, transport=transport) as client:
        found = [case async for case in client.cases(served.number, CaseFilters(limit=2))]
        assert [case.gonogo["task_id"] for case in found if case.gonogo][-1] == tasks[3]
        assert len(found) == 5
        one = await client.case(served.number, found[-1].case_id or 0)
        assert one.labeling_state == "Labeled"
        await client.refresh_token()
        assert (await client.test_token()).message
        await client.log_out()
        with pytest.raises(NotFoundError):
            await walked(client)


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
async def test_the_published_curl_calls_work_with_only_the_host_changed(served: Served) -> None:
    """Word for word from the published page, through a real socket."""
    import asyncio
    import json

    import uvicorn

    await served.add(3)
    http = await served.signed_in()
    case = (await http.get("/results/public/v1/list", params={"task_id": served.number})).json()["payload"][0]
    config = uvicorn.Config(served.app, port=0, lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        host = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        seed = f"""curl --location --request GET '{host}/results/public/v1/ENDPOINT' \\
--header 'X-API-KEY: {served.key}' \\
--header 'Authorization: {http.headers["Authorization"]}' \\
--header 'Content-Type: application/json'"""
        task = served.number
        for endpoint in (
            f"list?task_id={task}",
            f"get?task_id={task}&case_id={case['case_id']}",
            f"list?task_id={task}&last_sequence_id=0",
            f"list?task_id={task}&labeling_state=Ready&updated_after=2022-07-14T12:00:00&last_sequence_id=0",
        ):
            command = seed.replace("ENDPOINT", endpoint) + " --silent --fail"
            done = await asyncio.to_thread(subprocess.run, command, shell=True, capture_output=True, check=True)
            found = json.loads(done.stdout)
            assert len(found["payload"]) == 3 if "payload" in found else found["case_id"] == case["case_id"]
    finally:
        server.should_exit = True
        await running


async def test_our_server_opens_a_session_for_the_key_in_hand(served: Served) -> None:
    """A lead who is signed in with a key reads results without another login; a wrong key gets nothing."""
    await served.add(1)
    transport, address = served.transport(), "http://test.localhost"
    async with ResultsClient(address, ApiKey(served.key), None, transport=transport, by_key=True) as client:
        assert [case.labeling_state async for case in client.cases(served.number)] == ["Ready"]
        await client.log_out()
        assert len([case async for case in client.cases(served.number)]) == 1  # opened again by itself
    wrong = ApiKey("ak_live_0a1b2c3d_wrong")
    async with ResultsClient(address, wrong, None, transport=served.transport(), by_key=True) as client:
        with pytest.raises(AuthenticationError, match="did not accept"):
            await client.page(served.number)


async def test_a_server_without_such_sessions_says_how_to_sign_in() -> None:
    async with ScriptedServer(Centaur()) as server:
        async with ResultsClient(server.url, ApiKey("centaur-key"), None, by_key=True) as client:
            with pytest.raises(AuthenticationError, match="user name and an API password") as refused:
                await client.page(1)
        assert "gonogo results login" in refused.value.next_step

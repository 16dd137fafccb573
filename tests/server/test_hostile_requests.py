"""Requests as no client of ours sends them, over a real connection: 4xx, nothing stored, and the server goes on."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from gonogo.server.app import create_app
from gonogo.server.auth import tokens
from gonogo.server.http.slow_clients import SlowClientGuard
from gonogo.server.run import ServerRunner, bind
from gonogo.server.settings import ServerSettings
from gonogo.server.store.schema import audit_log, submissions
from tests.postgres import Cluster, binaries
from tests.server.house import House
from tests.server.web import LABELING

WAIT = 60
KEY = "the embedding program"
GOOD = b'{"verdict": "correct"}'
JSON = "Content-Type: application/json"


def verdict(**fields: str) -> bytes:
    """A vote whose values are raw JSON, or what wants to pass for it."""
    told = {"verdict": '"incorrect"', **fields}
    return ("{" + ", ".join(f'"{name}": {value}' for name, value in told.items()) + "}").encode()


def value(text: str) -> bytes:
    return verdict(corrected_value=text)


BODIES: dict[str, bytes] = {
    "nan": verdict(confidence="NaN"),
    "infinity": verdict(confidence="-Infinity"),
    "1e400": verdict(confidence="1e400"),
    "1e400 deep in a value": value('{"text": "1", "upper": [1e400]}'),
    "a little less than nothing": verdict(confidence="-0.0000001"),
    "5,000 digits": verdict(duration_ms="9" * 5000),
    "65 bits": value('{"text": "1", "n": 18446744073709551616}'),
    "33 bits": verdict(duration_ms="4294967296"),
    "minus one": verdict(duration_ms="-1"),
    "half": verdict(duration_ms="1.5"),
    "true as a number": verdict(duration_ms="true"),
    "10,000 deep": value('{"a": ' + "[" * 10_000 + "]" * 10_000 + "}"),
    "10,000 deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "33 deep": value('{"a": ' + "[" * 32 + "]" * 32 + "}"),
    "the same key twice": b'{"verdict": "correct", "verdict": "incorrect"}',
    "not utf-8": b'{"verdict": "\xff\xfe"}',
    "overlong utf-8": b'{"verdict": "\xc0\xaf"}',
    "a raw surrogate": b'{"verdict": "incorrect", "corrected_value": {"text": "\xed\xa0\x80"}}',
    "half a surrogate pair": value(r'{"text": "\ud800"}'),
    "nul": value(r'{"text": "a\u0000b"}'),
    "nul in a key": value(r'{"a\u0000b": 1}'),
    "raw nul": value('{"text": "a\x00b"}'),
    "byte order mark": b"\xef\xbb\xbf" + GOOD,
    "utf-16": GOOD.decode().encode("utf-16"),
    "gzip": gzip.compress(GOOD),
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "an empty value": value("{}"),
    "a value without an object": value('"5"'),
    "a long verdict": verdict(verdict='"' + "c" * 101 + '"'),
    "two documents": GOOD + GOOD,
}
HEADS: dict[str, tuple[list[str], bytes]] = {
    "text/plain": (["Content-Type: text/plain"], GOOD),
    "no content type": ([], GOOD),
    "form": (["Content-Type: application/x-www-form-urlencoded"], b"verdict=correct"),
    "multipart": (["Content-Type: multipart/form-data; boundary=x"], b"--x--"),
    "said to be gzip, and is": ([JSON, "Content-Encoding: gzip"], gzip.compress(GOOD)),
    "two lengths": ([JSON, "Content-Length: 3"], GOOD),
    "a key with a space": ([JSON, "Idempotency-Key: two words"], GOOD),
    "a key that is no ASCII": ([JSON, "Idempotency-Key: \xe9"], GOOD),
    "a long key": ([JSON, "Idempotency-Key: " + "k" * 256], GOOD),
    "nul in a header": ([JSON, "X-A: a\x00b"], GOOD),
    "a wrong credential": ([JSON, "X-API-Key: ak_live_00000000_x"], GOOD),
    "transfer coding nobody knows": ([JSON, "Transfer-Encoding: gzip, chunked"], b"0\r\n\r\n"),
}


@dataclass
class Target:
    """A served app with one task that waits for a vote."""

    house: House
    port: int
    submit: str
    server: ServerRunner
    before: tuple[int, int] = field(default=(0, 0))

    def stored(self) -> tuple[int, int]:
        """Votes, and rows of the audit log."""
        with self.house.store.read() as connection:
            counts = [
                connection.execute(select(func.count()).select_from(t)).scalar_one() for t in (submissions, audit_log)
            ]
        return counts[0], counts[1]

    def send(self, raw: bytes) -> tuple[int, bytes]:
        """Status and body of what comes back."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=WAIT) as connection:
            connection.sendall(raw)
            return read_answer(connection)

    def ask(self, headers: list[str], body: bytes, *, length: bool = True) -> tuple[int, bytes]:
        lines = [f"POST {self.submit} HTTP/1.1", "Host: x", *headers]
        if not any(line.startswith("X-API-Key") for line in headers):
            lines.append(f"X-API-Key: {KEY}")
        if length and not any(line.startswith("Transfer-Encoding") for line in headers):
            lines.append(f"Content-Length: {len(body)}")
        return self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)


def read_answer(connection: socket.socket) -> tuple[int, bytes]:
    reader = connection.makefile("rb")
    status = int(reader.readline().split()[1])
    length = 0
    while (line := reader.readline()) not in (b"\r\n", b""):
        name, _, told = line.lower().partition(b":")
        length = int(told) if name == b"content-length" else length
    return status, reader.read(length)


@pytest.fixture
def target(house: House) -> Iterator[Target]:
    campaign = house.campaign(target_redundancy=3)
    (task,) = house.add(campaign, {})
    settings = ServerSettings(database_url="unused", embedded_token=KEY)
    app = create_app(settings, store=house.store, clock=lambda: house.now)
    ready = threading.Event()
    with bind("127.0.0.1", 0) as listening:
        server = ServerRunner(app, on_started=ready.set, slow=SlowClientGuard(head_seconds=0.5, body_seconds=0.5))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        assert ready.wait(WAIT)
        port = listening.getsockname()[1]
        target = Target(house, port, f"{LABELING}/tasks/{task}/submit", server)
        target.before = target.stored()
        yield target
        server.should_exit = True
        thread.join(WAIT)


@pytest.mark.slow
def test_no_hostile_request_stores_anything(target: Target) -> None:
    for name, body in BODIES.items():
        status, answer = target.ask([JSON], body)
        assert (name, status) == (name, 422), answer
        assert json.loads(answer)["error"]["code"] == "validation_error"
    for name, (headers, body) in HEADS.items():
        status, answer = target.ask(headers, body)
        assert 400 <= status < 500, (name, status, answer)
    # A body that nobody announced is the next request, and not HTTP; httptools answers that before the first one.
    assert target.ask([JSON], GOOD, length=False)[0] in (400, 422)
    too_long = verdict(corrected_value='{"text": "' + "1" * 4_000_001 + '"}')
    assert target.ask([JSON], too_long)[0] == 413
    assert target.ask([JSON, "Content-Length: 99999999999999999999"], b"", length=False)[0] in (400, 408, 413)
    many = [f"X-{number}: y" for number in range(20_000)]
    assert target.ask([JSON, *many], b"{}")[0] in (400, 422, 431)
    assert target.stored() == target.before
    chunked = b"16\r\n" + GOOD + b"\r\n0\r\n\r\n"
    assert target.ask([JSON, "Transfer-Encoding: chunked"], chunked)[0] == 201
    assert target.stored()[0] == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "begun",
    [
        pytest.param("", id="no byte"),
        pytest.param("POST {submit} HTTP/1.1\r\nHost: x\r\nX-A: ", id="half a head"),
        pytest.param(
            "POST {submit} HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n{json}\r\nContent-Length: 22\r\n\r\n{{",
            id="half a body",
        ),
        pytest.param(
            "POST {submit}?a=b HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n{json}\r\nContent-Length: 22\r\n\r\n{{",
            id="the long way",
        ),
    ],
)
def test_who_never_ends_a_request_is_shown_out(target: Target, begun: str) -> None:
    with socket.create_connection(("127.0.0.1", target.port), timeout=WAIT) as connection:
        connection.sendall(begun.format(submit=target.submit, key=KEY, json=JSON).encode())
        found = b""
        while piece := connection.recv(65_536):
            found += piece
    assert found.split(b"HTTP/1.1 ")[-1].startswith(b"408 ")
    assert_envelope(found, "took too long to arrive")
    assert target.stored() == target.before
    assert target.send(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")[0] == 200


def assert_envelope(found: bytes, message: str) -> None:
    """The last answer in `found` is an error in the envelope, with the headers that every answer has."""
    head, _, body = found[found.rindex(b"HTTP/1.1 ") :].partition(b"\r\n\r\n")
    headers = httpx.Headers(
        [(name, value) for name, _, value in (line.partition(b": ") for line in head.splitlines()[1:])]
    )
    content = json.loads(body)
    assert message in content["error"]["message"]
    assert content["error"]["code"] == "bad_request"
    assert content["request_id"] == headers["X-Request-ID"]
    assert headers["X-API-Version"]


def test_what_is_no_http_is_answered_in_the_envelope(target: Target) -> None:
    with socket.create_connection(("127.0.0.1", target.port), timeout=WAIT) as connection:
        connection.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        found = b""
        while piece := connection.recv(65_536):
            found += piece
    assert found.startswith(b"HTTP/1.1 400 ")
    assert_envelope(found, "not an HTTP request")


def test_a_request_in_flight_is_finished_when_the_server_is_stopped(house: House) -> None:
    """Stopped between the head of a vote and its body."""
    campaign = house.campaign(target_redundancy=3)
    (task,) = house.add(campaign, {})
    app = create_app(ServerSettings(database_url="unused", embedded_token=KEY), store=house.store)
    ready = threading.Event()
    with bind("127.0.0.1", 0) as listening:
        server = ServerRunner(app, on_started=ready.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        assert ready.wait(WAIT)
        address = listening.getsockname()  # uvicorn closes the socket itself
        with socket.create_connection(address, timeout=WAIT) as connection:
            head = f"POST {LABELING}/tasks/{task}/submit HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\n{JSON}\r\n"
            connection.sendall(f"{head}Expect: 100-continue\r\nContent-Length: {len(GOOD)}\r\n\r\n".encode())
            assert connection.recv(100).startswith(b"HTTP/1.1 100")  # the server waits for the body
            server.should_exit = True
            while not closed(address):
                threading.Event().wait(0.02)
            connection.sendall(GOOD)
            assert read_answer(connection)[0] == 201
        thread.join(WAIT)
        assert not thread.is_alive()


def closed(address: Any) -> bool:
    """Whether new connections are refused."""
    try:
        with socket.create_connection(address, timeout=1):
            return False
    except OSError:
        return True


@pytest.mark.slow
def test_a_database_that_is_away_is_503_and_comes_back() -> None:
    if binaries() is None:
        pytest.skip("no PostgreSQL server binaries on this machine")
    own = Cluster()
    app = create_app(ServerSettings(database_url=own.database(), embedded_token=KEY))

    async def statuses() -> list[int]:
        transport, headers = httpx.ASGITransport(app), {"X-API-Key": KEY}
        async with httpx.AsyncClient(transport=transport, base_url="http://x", headers=headers) as http:
            asked = [await http.get(path) for path in ("/healthz", "/readyz", f"{LABELING}/campaigns")]
            asked.append(await http.post(f"{LABELING}/campaigns", json={"name": tokens.new_secret("c")}))
        return [answer.status_code for answer in asked]

    async def story() -> None:
        async with app.router.lifespan_context(app):
            assert await statuses() == [200, 200, 200, 201]
            own.kill()
            assert await statuses() == [200, 503, 503, 503]
            own.start()
            assert (await statuses())[0] == 200  # whatever finds a broken connection opens a new one
            assert await statuses() == [200, 200, 200, 201]

    asyncio.run(story())
    own.stop()

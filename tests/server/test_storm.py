"""Workers, kill -9 and restarts: nothing is done twice, nothing is lost, nobody sees more than a refused connection."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

from gonogo.server.keys import create_key
from gonogo.server.store.engine import Store
from tests.server.storm import Served, storm
from tests.server.web import LABELING

THREADS, ROUNDS = 50, 2


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONOGO_HOME", str(tmp_path / "home"))


async def test_a_crowd_and_a_server_that_is_killed(database: str) -> None:
    found = await storm(database, people=20, n_tasks=50, kills=2, workers=2, limit=180)
    assert found["answers"][201] >= 150


def test_one_key_has_one_effect_over_workers_and_restarts(database: str) -> None:
    store = Store(database)
    secret = create_key(store, "k", ["parts:read", "parts:write"]).key
    store.dispose()
    server = Served(database, workers=2)
    server.start()
    base = f"http://127.0.0.1:{server.port}"
    headers = {"X-API-Key": secret, "content-type": "application/json"}
    try:
        wait_for(base)
        campaign = httpx.post(
            f"{base}{LABELING}/campaigns", json={"name": "c"}, headers=headers, trust_env=False
        ).json()["id"]
        path = f"{base}{LABELING}/campaigns/{campaign}/tasks"
        body = json.dumps({"tasks": [{"target_kind": "pmi", "prompt": "?"}]}).encode()
        for number in range(ROUNDS):
            answers = at_once(path, body, {**headers, "Idempotency-Key": f"key-{number}"})
            assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
            assert Counter("idempotent-replayed" in answer.headers for answer in answers)[False] == 1
        server.kill()
        server.start()
        wait_for(base)
        again = httpx.post(path, content=body, headers={**headers, "Idempotency-Key": "key-1"}, trust_env=False)
        assert (again.content, again.headers["idempotent-replayed"]) == (answers[0].content, "true")
        other = httpx.post(path, content=body + b" ", headers={**headers, "Idempotency-Key": "key-1"}, trust_env=False)
        assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_conflict")
        assert httpx.get(path, headers=headers, trust_env=False).json()["count"] == ROUNDS
    finally:
        server.kill()


def at_once(path: str, body: bytes, headers: dict[str, str]) -> list[httpx.Response]:
    """The final answers to one request sent by many threads; those told to wait ask again."""
    start, answers = threading.Barrier(THREADS), []

    def send() -> None:
        with httpx.Client(trust_env=False, timeout=30) as http:
            start.wait()
            while True:
                answer = http.post(path, content=body, headers=headers)
                if answer.status_code != 409:
                    break
                assert answer.json()["error"]["code"] == "idempotency_in_flight"
            answers.append(answer)

    threads = [threading.Thread(target=send) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def wait_for(base: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            if httpx.get(f"{base}/readyz", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.02)

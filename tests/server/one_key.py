"""Many threads send one request with one idempotency key: one effect, and one answer, byte for byte."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx

from gonogo.server.auth.api_keys import create_key
from gonogo.server.store.engine import Store
from tests.server.storm import Served
from tests.server.web import LABELING


def one_key(database: str, *, threads: int, rounds: int, workers: int = 2) -> Counter[str]:
    """`rounds` keys, each used by all threads at once; half-way the server is killed and started again.

    At the end each key is used once more. Raises `AssertionError` where a key had two effects or two answers.
    Answers how often a request was answered first, from memory, and told that its twin was still in flight.
    """
    store = Store(database)
    secret = create_key(store, "k", ["parts:read", "parts:write"]).key
    store.dispose()
    server = Served(database, workers, limited=False)
    server.start()
    headers = {"X-API-Key": secret, "content-type": "application/json"}
    base = f"http://127.0.0.1:{server.port}"
    seen: Counter[str] = Counter()
    try:
        url = f"{base}{LABELING}/campaigns"
        campaign = httpx.post(url, json={"name": "c"}, headers=headers, trust_env=False, timeout=120)
        path = f"{base}{LABELING}/campaigns/{campaign.json()['id']}/tasks"
        body = json.dumps({"tasks": [{"target_kind": "pmi", "prompt": "?"}]}).encode()
        first: dict[str, bytes] = {}
        with _Crowd(threads) as crowd:
            for number in range(rounds):
                if number == rounds // 2:
                    server.kill()
                    server.start()
                key = f"key-{number}"
                answers = crowd.send(path, body, {**headers, "Idempotency-Key": key}, seen)
                assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
                assert Counter("idempotent-replayed" in answer.headers for answer in answers)[False] == 1
                first[key] = answers[0].content
        for key, content in first.items():
            with_key = {**headers, "Idempotency-Key": key}
            again = httpx.post(path, content=body, headers=with_key, trust_env=False)
            assert (again.status_code, again.content, again.headers["idempotent-replayed"]) == (201, content, "true")
            seen["replayed at the end"] += 1
        other = httpx.post(path, content=body + b" ", headers=with_key, trust_env=False)
        assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_conflict")
        assert httpx.get(path, headers=headers, trust_env=False).json()["count"] == rounds
    finally:
        server.kill()
    return seen


class _Crowd:
    """Threads that send at the same instant, each with a connection of its own that it keeps."""

    def __init__(self, threads: int) -> None:
        self._start = threading.Barrier(threads)
        transport = httpx.HTTPTransport(limits=httpx.Limits(max_connections=None), retries=1)
        self._http = httpx.Client(trust_env=False, timeout=120, transport=transport)
        self._pool = ThreadPoolExecutor(threads)
        self._threads = threads

    def __enter__(self) -> _Crowd:
        return self

    def __exit__(self, *_error: object) -> None:
        self._pool.shutdown()
        self._http.close()

    def send(self, path: str, body: bytes, headers: dict[str, str], seen: Counter[str]) -> list[httpx.Response]:
        """The final answers; those told to wait ask again."""

        def ask(_number: int) -> httpx.Response:
            self._start.wait()
            while True:
                answer = self._http.post(path, content=body, headers=headers)
                if answer.status_code != 409:
                    return answer
                assert answer.json()["error"]["code"] == "idempotency_in_flight"
                seen["told to wait"] += 1
                time.sleep(0.01)  # as clients do: nothing tells them when the other request is answered

        answers = list(self._pool.map(ask, range(self._threads)))
        replayed = sum("idempotent-replayed" in answer.headers for answer in answers)
        seen["replayed"] += replayed
        seen["done"] += len(answers) - replayed
        return answers

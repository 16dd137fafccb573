"""Downloads of drawings over a real uvicorn: parts, repeats, HEAD; the loop stays free while many are on their way."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from gonogo.server.auth.api_keys import create_key
from gonogo.server.http.byte_ranges import UnsatisfiableRangeError, requested_range
from gonogo.server.settings import ServerSettings
from gonogo.server.store.engine import Store
from tests.server.http.conftest import on_both_databases, uvicorn_over
from tests.server.http.work import GONOGO, PNG
from tests.support.object_store import S3Server

CONTENT = PNG + os.urandom(2_500_000)  # three pieces
ETAG = f'"{hashlib.sha256(CONTENT).hexdigest()}"'


@pytest.fixture
def drawings_url(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    """The place of the drawings; the database, unless a test names another one."""
    place = getattr(request, "param", "database")
    if place == "objects":  # read by the server: the signed addresses of the store are its own matter
        server: S3Server = request.getfixturevalue("s3")
        return f"{server.url}&sign=no"
    return (tmp_path / "drawings").as_uri() if place == "folder" else None


@pytest.fixture
def url(settings: ServerSettings, store: Store, drawings_url: str | None) -> Iterator[str]:
    with uvicorn_over(replace(settings, requests_per_minute_per_key=None, drawings_url=drawings_url)) as base:
        yield base


in_all_places = pytest.mark.parametrize("drawings_url", ["database", "folder", "objects"], indirect=True)


def stored(base: str, store: Store, content: bytes) -> str:
    """The signed address of a drawing."""
    headers = {"X-API-Key": create_key(store, "k", ["parts:read", "parts:write"]).key}
    with httpx.Client(base_url=base, headers=headers, trust_env=False, timeout=60) as lead:
        made = lead.post(f"{GONOGO}/drawings", params={"part": "p"}, content=content).json()
        found = lead.get(f"/api/v1/parts/geometry/{made['part_revision_id']}/drawing-url").json()
    return str(found["url"])


@in_all_places
@on_both_databases
def test_all_of_it_a_part_of_it_and_nothing_that_is_known(url: str, store: Store) -> None:
    address = stored(url, store, CONTENT)
    size = len(CONTENT)
    with httpx.Client(trust_env=False) as http:
        whole = http.get(address)
        assert (whole.status_code, whole.content) == (200, CONTENT)
        assert (whole.headers["etag"], whole.headers["accept-ranges"]) == (ETAG, "bytes")
        assert whole.headers["content-length"] == str(size)

        head = http.head(address)
        assert (head.status_code, head.content) == (200, b"")
        same = ("content-length", "content-type", "etag", "content-disposition", "cache-control")
        assert {name: head.headers[name] for name in same} == {name: whole.headers[name] for name in same}

        for known in (ETAG, f'"other", W/{ETAG}', "*"):
            answer = http.get(address, headers={"If-None-Match": known})
            assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", ETAG)
        assert http.get(address, headers={"If-None-Match": '"other"'}).status_code == 200

        for asked, part in (
            ("bytes=0-9", slice(0, 10)),
            (f"bytes={size - 5}-", slice(size - 5, size)),
            ("bytes=-7", slice(size - 7, size)),
            ("bytes=999990-1000010", slice(999_990, 1_000_011)),
            (f"bytes=10-{size * 2}", slice(10, size)),
        ):
            answer = http.get(address, headers={"Range": asked})
            assert (answer.status_code, answer.content) == (206, CONTENT[part]), asked
            assert answer.headers["content-range"] == f"bytes {part.start}-{part.stop - 1}/{size}"
        changed = http.get(address, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
        assert (changed.status_code, changed.content) == (200, CONTENT)
        for odd in ("bytes=0-1,5-6", "bytes=9-1", "lines=1-2", "bytes=a-b", "bytes=-"):
            assert http.get(address, headers={"Range": odd}).status_code == 200, odd

        beyond = http.get(address, headers={"Range": f"bytes={size}-"})
        assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
        assert beyond.json()["error"]["code"] == "bad_request"
        assert http.head(f"{url}{GONOGO}/capabilities").status_code == 405
        assert http.head(f"{url}/healthz").status_code == 200


@pytest.mark.slow
@on_both_databases
def test_many_large_downloads_neither_hold_up_the_loop_nor_fill_the_memory(url: str, store: Store) -> None:
    content = PNG + os.urandom(48_000_000 - len(PNG))
    address, digest = stored(url, store, content), hashlib.sha256(content).hexdigest()
    del content
    digests: list[str] = []

    def fetch() -> None:
        checksum = hashlib.sha256()
        with httpx.stream("GET", address, trust_env=False, timeout=120) as answer:
            for piece in answer.iter_raw():
                checksum.update(piece)
        digests.append(checksum.hexdigest())

    before = psutil.Process().memory_info().rss
    most, waits = 0, []
    threads = [threading.Thread(target=fetch) for _fetch in range(8)]
    for thread in threads:
        thread.start()
    with httpx.Client(trust_env=False, timeout=60) as http:
        while any(thread.is_alive() for thread in threads):
            since = time.monotonic()
            assert http.get(f"{url}/healthz").status_code == 200
            waits.append(time.monotonic() - since)
            most = max(most, psutil.Process().memory_info().rss - before)
    assert digests == [digest] * 8
    assert sorted(waits)[len(waits) * 95 // 100] < 0.5, waits  # readers and server are one process
    assert most < 150_000_000


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 30))
def test_a_range_is_what_the_content_has_of_it(first: int, length: int, size: int) -> None:
    content = bytes(range(size))
    headers = [(b"range", f"bytes={first}-{first + length}".encode())]
    request = Request({"type": "http", "method": "GET", "headers": headers})
    try:
        part = requested_range(request, '"e"', size)
    except UnsatisfiableRangeError:
        assert first >= size
        return
    assert part is not None
    assert content[part.start : part.start + part.size] == content[first : first + length + 1] != b""

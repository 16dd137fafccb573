"""Hostile bodies end in 422 or 413, in the envelope, without an echo, and never in 500."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.schemas.labeling import LabelSubmit
from gonogo.server.errors import ApiError
from gonogo.server.http.bodies import parse_json
from tests.server.http.work import GONOGO, LABELING, campaign_with, ok

JSON = {"Content-Type": "application/json"}
CANARY = "canary-7f3a"

HOSTILE: dict[str, bytes] = {
    "nothing": b" ",
    "not json": b"{" + CANARY.encode(),
    "trailing": b'{"name": "a"} ' + CANARY.encode(),
    "nan": b'{"name": "a", "x": NaN}',
    "infinity": b'{"name": "a", "x": -Infinity}',
    "1e999": b'{"name": "a", "gold_fraction": 1e999}',
    "long integer": b'{"name": "a", "target_redundancy": ' + b"9" * 26 + b"}",
    "longest integer": b'{"name": "a", "target_redundancy": ' + b"9" * 100_000 + b"}",
    "64 bits and one": b'{"name": "a", "target_redundancy": 9223372036854775808}',
    "nul": b'{"name": "' + CANARY.encode() + b'\\u0000"}',
    "nul in a key": b'{"name": "a", "\\u0000": 1}',
    "raw nul": b'{"name": "a\x00"}',
    "lone surrogate": b'{"name": "\\ud800' + CANARY.encode() + b'"}',
    "swapped surrogates": b'{"name": "\\udc00\\ud800"}',
    "not utf-8": b'{"name": "\xff\xfe"}',
    "utf-16": '{"name": "a"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"name": "a"}',
    "same key twice": b'{"name": "a", "name": "' + CANARY.encode() + b'"}',
    "deep list": b'{"name": ' + b"[" * 40 + b"]" * 40 + b"}",
    "deeper list": b"[" * 200_000,
    "deep object": b'{"a":' * 40 + b"1" + b"}" * 40,
    "list": b"[]",
    "string": b'"' + CANARY.encode() + b'"',
    "null": b"null",
    "true as integer": b'{"name": "a", "target_redundancy": true}',
    "wrong type": b'{"name": {"' + CANARY.encode() + b'": 1}}',
    "too long": b'{"name": "' + CANARY.encode() * 50 + b'"}',
    "missing": b"{}",
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_body(lead: httpx.AsyncClient, name: str) -> None:
    for headers in (JSON, {**JSON, "Idempotency-Key": "k"}):
        answer = await lead.post(f"{LABELING}/campaigns", content=HOSTILE[name], headers=headers)
        assert answer.status_code == 422, answer.text
        error = answer.json()["error"]
        assert error["code"] == "validation_error"
        assert error["details"]["errors"]
        assert all(set(item) == {"loc", "msg", "type"} for item in error["details"]["errors"])
        assert CANARY not in answer.text
    assert (await lead.get(f"{LABELING}/campaigns")).json()["count"] == 0


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/plain"}])
async def test_a_body_that_does_not_say_it_is_json(lead: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = await lead.post(f"{LABELING}/campaigns", content=b'{"name": "canary-7f3a"}', headers=headers)
    assert answer.status_code == 422
    assert CANARY not in answer.text


async def test_too_large_is_413_however_it_is_sent(lead: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x" * 1_000_000

    for content in (b"x" * 5_000_000, pieces()):
        answer = await lead.post(f"{LABELING}/campaigns", content=content, headers=JSON)
        assert answer.status_code == 413
        error = answer.json()["error"]
        assert error["code"] == "payload_too_large"
        assert error["details"]["limit_bytes"] == 4_000_000 < error["details"]["observed_bytes"]


async def test_unknown_fields_have_no_effect(lead: httpx.AsyncClient) -> None:
    sent = {"name": "a", "status": "closed", "org_id": "other", "task_count": 7, "id": "mine"}
    made = (await lead.post(f"{LABELING}/campaigns", json=sent)).json()
    assert (made["status"], made["task_count"]) == ("open", 0)
    assert made["id"] != "mine"
    assert made["org_id"] != "other"


@pytest.mark.parametrize("path", ["/campaigns/%00", "/campaigns/a%00b/tasks", "/projects/%00"])
async def test_nul_in_a_path_is_404(lead: httpx.AsyncClient, path: str) -> None:
    assert (await lead.get(LABELING + path)).status_code == 404


async def test_nul_in_a_query_is_422(lead: httpx.AsyncClient) -> None:
    assert (await lead.get(f"{LABELING}/campaigns?status=%00")).status_code == 422
    assert (await lead.post(f"{GONOGO}/drawings?part=%00", content=b"x")).status_code == 422


def test_32_levels_pass_and_33_do_not() -> None:
    assert parse_json(b"[" * 32 + b"]" * 32)
    with pytest.raises(ApiError):
        parse_json(b"[" * 33 + b"]" * 33)


def _storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4).filter(_storable), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(json_values, st.booleans())
@settings(max_examples=200, deadline=None)
def test_what_a_database_can_hold_is_taken_as_it_is(value: Any, ascii_only: bool) -> None:
    raw = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert parse_json(raw) == value


@given(st.binary(max_size=60) | st.text('[]{}",:0123456789eE.-+ntrufalsdNIy\\\0 ', max_size=60).map(str.encode))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_a_storable_value_or_422(raw: bytes) -> None:
    try:
        _assert_storable(parse_json(raw))
    except ApiError as error:
        refused = error.status
    else:
        refused = 422
    assert refused == 422


def _assert_storable(value: Any) -> None:
    if isinstance(value, dict):
        for name, item in value.items():
            _assert_storable(name)
            _assert_storable(item)
    elif isinstance(value, list):
        for item in value:
            _assert_storable(item)
    elif isinstance(value, str):
        assert _storable(value)
    elif isinstance(value, float):
        assert math.isfinite(value)
    elif isinstance(value, int):
        assert -(2**63) <= value < 2**63


@pytest.mark.parametrize("content_type", ["application/json", "application/problem+json;charset=x", "text/plain", ""])
@pytest.mark.parametrize("raw", [b"", b"null", b"[]", b"{}", b'{"verdict": 5}'])
async def test_a_bad_body_is_refused_in_the_words_of_fastapi(
    lead: httpx.AsyncClient, raw: bytes, content_type: str
) -> None:
    plain = FastAPI()

    @plain.post("/submit")
    async def submit(body: LabelSubmit) -> None: ...

    headers = {"content-type": content_type} if content_type else {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(plain), base_url="http://plain") as client:
        expected = (await client.post("/submit", content=raw, headers=headers)).json()["detail"]
    campaign = await campaign_with(lead, 1)
    (task,) = (await ok(lead.get(f"{LABELING}/campaigns/{campaign}/tasks")))["data"]
    reply = await lead.post(f"{LABELING}/tasks/{task['id']}/submit", content=raw, headers=headers)
    assert reply.status_code == 422
    errors = [{name: error[name] for name in ("loc", "msg", "type")} for error in expected]
    assert reply.json()["error"]["details"]["errors"] == errors

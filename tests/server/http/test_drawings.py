"""Drawings: stored once, found by revision, fetched by a signed address that does not last."""

from __future__ import annotations

import time

import httpx
import pytest
from fastapi import FastAPI

from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings
from tests.server.http.conftest import TOKEN, Clock, client_of, started
from tests.server.http.work import GONOGO, LABELING, PNG, PREDICTION, ok, person, predictions_in, session_of

GEOMETRY = "/api/v1/parts/geometry"


async def store(
    lead: httpx.AsyncClient, content: bytes, part: str = "shaft", filename: str = "a.png"
) -> httpx.Response:
    params = {"part": part, "filename": filename}
    return await lead.post(f"{GONOGO}/drawings", params=params, content=content)


async def address(http: httpx.AsyncClient, revision: str) -> dict[str, str]:
    found: dict[str, str] = await ok(http.get(f"{GEOMETRY}/{revision}/drawing-url"))
    return found


async def test_the_same_bytes_again_change_nothing(lead: httpx.AsyncClient) -> None:
    first, again = await store(lead, PNG), await store(lead, PNG, filename="other name.png")
    assert (first.status_code, again.status_code) == (201, 200)
    assert (first.json()["created"], again.json()["created"]) == (True, False)
    assert again.json()["part_revision_id"] == first.json()["part_revision_id"]


async def test_other_bytes_are_a_new_revision_and_the_old_one_keeps_its_drawing(lead: httpx.AsyncClient) -> None:
    old, new = (await store(lead, PNG)).json(), (await store(lead, PNG + b"changed")).json()
    assert old["part_revision_id"] != new["part_revision_id"]
    assert (await lead.get((await address(lead, old["part_revision_id"]))["url"])).content == PNG
    assert (await lead.get((await address(lead, new["part_revision_id"]))["url"])).content == PNG + b"changed"


async def test_a_drawing_comes_with_the_name_of_its_part(lead: httpx.AsyncClient) -> None:
    stored = (await store(lead, PNG, part="Welle Ø20/3", filename="gold/secret.png")).json()
    answer = await lead.get((await address(lead, stored["part_revision_id"]))["url"])
    assert answer.headers["content-disposition"] == "inline; filename*=utf-8''Welle%20%C3%9820%2F3.png"


async def test_two_parts_may_have_the_same_drawing(lead: httpx.AsyncClient) -> None:
    one, two = (await store(lead, PNG, "left")).json(), (await store(lead, PNG, "right")).json()
    assert (one["created"], two["created"]) == (True, True)
    assert one["part_revision_id"] != two["part_revision_id"]


@pytest.mark.parametrize(
    ("content", "filename", "kind", "served_as"),
    [
        (PNG, "a.png", "image/png", "drawing.png"),
        (PNG, "a.pdf", "image/png", "drawing.png"),
        (b"\xff\xd8\xff\xe0", "gold/a", "image/jpeg", "drawing.jpg"),
        (b"\n%PDF-1.7", "", "application/pdf", "drawing.pdf"),
        (b"II*\0", "a.tif", "image/tiff", "drawing.tif"),
        (b"<svg/>", "a.SVG", "image/svg+xml", "drawing.svg"),
        (b"0\nSECTION\n", "a.dxf", "image/vnd.dxf", "drawing.dxf"),
        (b"<!DOCTYPE svg [<!ENTITY a 'b'>]>\n<s:svg xmlns:s='x'/>", "a.svg", "image/svg+xml", "drawing.svg"),
        (b"<?xml version='1.0'?><!-- a --><svg/>", "a.png", "image/svg+xml", "drawing.svg"),
        (b"999\nmade by hand\n  0\r\nSECTION\n", "a", "image/vnd.dxf", "drawing.dxf"),
    ],
)
async def test_what_is_served(
    lead: httpx.AsyncClient, anyone: httpx.AsyncClient, content: bytes, filename: str, kind: str, served_as: str
) -> None:
    revision = (await store(lead, content, filename=filename)).json()["part_revision_id"]
    found = await address(lead, revision)
    assert (found["status"], found["content_type"]) == ("ready", kind)
    assert found["url"].startswith("http://labels.test/")
    assert found["url"].rsplit("/", 1)[1] == served_as
    assert "gold" not in found["url"]
    assert "shaft" not in found["url"]
    answer = await anyone.get(found["url"])
    assert answer.content == content
    assert answer.headers["content-type"] == kind
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "content", [b"just text", b"<script>", b"MZ\x90", b"PK\x03\x04", b"0\nnothing", b"MZ\x90 <svg >", b"<html><svg >"]
)
async def test_what_is_no_drawing_is_refused_whatever_its_name(lead: httpx.AsyncClient, content: bytes) -> None:
    for filename in ("a.png", "a.svg", "a.dxf"):
        answer = await store(lead, content, filename=filename)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_error")
        assert "not a drawing: PNG" in answer.json()["error"]["details"]["errors"][0]["msg"]


@pytest.mark.parametrize(
    "content", [b"0" + b"\n" * 60_000, b"<?a?>" * 100_000, b" \n" * 100_000, b"999\na\n" * 100_000 + b" " * 60_000]
)
async def test_an_upload_made_to_be_slow_to_recognise_holds_nobody_up(lead: httpx.AsyncClient, content: bytes) -> None:
    before = time.process_time()
    assert (await store(lead, content)).status_code == 422
    assert time.process_time() - before < 2  # it was 20 s for the first of them, on the event loop


async def test_a_part_without_a_visible_name_is_refused(lead: httpx.AsyncClient) -> None:
    for blank in ("  ", " \t", "\u200b", "\u200b\u2060\ufeff", "\u3164", "\u00a0", "\u202e", "\u2800"):
        assert (await store(lead, PNG, part=blank)).status_code == 422, ascii(blank)
        for path in (f"{LABELING}/campaigns", f"{LABELING}/projects"):
            assert (await lead.post(path, json={"name": blank})).status_code == 422, ascii(blank)
        key = {"name": blank, "scopes": ["parts:read"]}
        assert (await lead.post(f"{GONOGO}/keys", json=key)).status_code == 422, ascii(blank)
    assert (await lead.post(f"{LABELING}/campaigns", json={"name": "Welle \u200b 7"})).status_code == 201


async def test_an_address_lasts_15_minutes(lead: httpx.AsyncClient, anyone: httpx.AsyncClient, clock: Clock) -> None:
    url = (await address(lead, (await store(lead, PNG)).json()["part_revision_id"]))["url"]
    clock.advance(minutes=14, seconds=59)
    assert (await anyone.get(url)).status_code == 200
    clock.advance(seconds=2)
    assert (await anyone.get(url)).status_code == 404


async def test_a_changed_address_is_404(lead: httpx.AsyncClient, anyone: httpx.AsyncClient) -> None:
    url = (await address(lead, (await store(lead, PNG)).json()["part_revision_id"]))["url"]
    head, token, name = url.rsplit("/", 2)
    drawing, expires, mac = token.split(".")
    changed = [
        f"{drawing}.{int(expires) + 1}.{mac}",
        f"{drawing}.{expires}.{mac[::-1]}",
        f"{drawing}.{expires}.",
        f"{drawing}.{expires}",
        f"..{mac}",
        f"{drawing}.never.{mac}",
        f"{drawing}.{expires}.ü",
    ]
    for other in changed:
        assert (await anyone.get(f"{head}/{other}/{name}")).status_code == 404, other
    assert (await anyone.get(f"{head}/{token}/other.png")).status_code == 404


async def test_workers_of_one_database_agree_on_addresses(
    lead: httpx.AsyncClient, settings: ServerSettings, clock: Clock
) -> None:
    url = (await address(lead, (await store(lead, PNG)).json()["part_revision_id"]))["url"]
    async with started(create_app(settings, clock=clock)) as other, client_of(other) as http:
        assert (await http.get(url)).content == PNG


async def test_a_part_that_nobody_has_drawn_yet(lead: httpx.AsyncClient) -> None:
    project, run = await predictions_in(lead, [PREDICTION])
    campaign = await ok(lead.post(f"{GONOGO}/projects/{project}/campaigns", json={"name": "c", "gold_fraction": 0}))
    path = f"{GONOGO}/campaigns/{campaign['id']}/tasks-from-predictions"
    await ok(lead.post(path, json={"calculation_id": run}))
    task = (await ok(lead.get(f"{LABELING}/campaigns/{campaign['id']}/tasks")))["data"][0]
    empty = await address(lead, task["part_revision_id"])
    assert empty == {"url": None, "status": "no_dataset", "content_type": None}
    assert (await store(lead, PNG)).json()["part_revision_id"] == task["part_revision_id"]
    assert (await address(lead, task["part_revision_id"]))["status"] == "ready"


async def test_an_annotator_sees_the_drawings_of_the_own_campaign_only(lead: httpx.AsyncClient) -> None:
    project, run = await predictions_in(lead, [PREDICTION])
    mine = (await store(lead, PNG)).json()["part_revision_id"]
    other = (await store(lead, PNG, "another part")).json()["part_revision_id"]
    campaign = await ok(lead.post(f"{GONOGO}/projects/{project}/campaigns", json={"name": "c", "gold_fraction": 0}))
    path = f"{GONOGO}/campaigns/{campaign['id']}/tasks-from-predictions"
    await ok(lead.post(path, json={"calculation_id": run}))
    async with person(lead, await session_of(lead, campaign["id"], "ann@example.com")) as ann:
        assert (await ann.get(f"{GEOMETRY}/{mine}/drawing-url")).status_code == 200
        refused = await ann.get(f"{GEOMETRY}/{other}/drawing-url")
        unknown = await ann.get(f"{GEOMETRY}/{other[::-1]}/drawing-url")
    assert refused.status_code == unknown.status_code == 404
    assert refused.json()["error"] == unknown.json()["error"]


async def test_limits_of_an_upload(settings: ServerSettings) -> None:
    small = ServerSettings(database_url=settings.database_url, embedded_token=TOKEN, max_drawing_bytes=100)
    async with started(create_app(small)) as app, client_of(app, **{"X-API-Key": TOKEN}) as lead:
        assert (await store(lead, PNG.ljust(100))).status_code == 201
        large = await store(lead, PNG.ljust(101))
        assert large.status_code == 413
        assert large.json()["error"]["details"] == {"observed_bytes": 101, "limit_bytes": 100}
        assert (await store(lead, b"")).status_code == 422


async def test_without_a_public_url_addresses_follow_the_request(settings: ServerSettings) -> None:
    embedded = ServerSettings(database_url=settings.database_url, embedded_token=TOKEN)
    app: FastAPI = create_app(embedded)
    async with started(app), client_of(app, **{"X-API-Key": TOKEN}) as lead:
        lead.base_url = httpx.URL("http://embedded.localhost")
        url = (await address(lead, (await store(lead, PNG)).json()["part_revision_id"]))["url"]
        assert url.startswith("http://embedded.localhost/api/v1/gonogo/drawings/")
        assert (await lead.get(url)).content == PNG

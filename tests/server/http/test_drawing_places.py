"""Drawings outside the database, over HTTP: signed addresses of the store, and whatever goes wrong there is said."""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import func, select

from gonogo.schemas.gonogo_api import DrawingUrl
from gonogo.server.app import create_app
from gonogo.server.drawing_places.place import WrongPlaceError
from gonogo.server.drawing_places.remembered import DrawingPlaces
from gonogo.server.settings import ServerSettings
from gonogo.server.store.engine import Store
from gonogo.server.store.schema import drawing_deletions, drawing_files, drawings
from gonogo.sheets.drawing_limits import CannotShowError
from gonogo.sheets.fetch import DrawingFetcher
from tests.server.http.conftest import TOKEN, client_of, on_both_databases, started
from tests.server.http.work import GONOGO, PNG
from tests.support.object_store import KEY, SECRET, S3Server

GEOMETRY = "/api/v1/parts/geometry"
NAME = hashlib.sha256(PNG).hexdigest()


@asynccontextmanager
async def serving(settings: ServerSettings, base: str = "http://127.0.0.1:8000") -> AsyncIterator[httpx.AsyncClient]:
    """A lead at a server in this process that people reach at `base`."""
    app = create_app(replace(settings, public_url=base))
    async with started(app), client_of(app, **{"X-API-Key": TOKEN}) as lead:
        yield lead


async def upload(
    lead: httpx.AsyncClient, content: bytes = PNG, headers: dict[str, str] | None = None
) -> httpx.Response:
    return await lead.post(f"{GONOGO}/drawings", params={"part": "shaft"}, content=content, headers=headers)


async def address(lead: httpx.AsyncClient) -> httpx.Response:
    revision = (await upload(lead)).json()["part_revision_id"]
    return await lead.get(f"{GEOMETRY}/{revision}/drawing-url")


def rows(store: Store) -> dict[str, int | None]:
    with store.read() as connection:
        counts: dict[str, int | None] = {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (drawings, drawing_files, drawing_deletions)
        }
        return counts | {"bytes": connection.execute(select(func.sum(func.length(drawing_files.c.bytes)))).scalar()}


@on_both_databases
async def test_the_address_of_a_drawing_leads_straight_to_the_store(
    settings: ServerSettings, store: Store, s3: S3Server
) -> None:
    async with serving(replace(settings, drawings_url=s3.url)) as lead:
        found = (await address(lead)).json()
        assert (found["status"], found["content_type"]) == ("ready", "image/png")
        assert (found["sha256"], found["title"]) == (NAME, "shaft")
        parts = urlsplit(found["url"])
        assert f"http://{parts.netloc}" == s3.endpoint
        assert parse_qs(parts.query)["X-Amz-Expires"] == ["900"]
        assert SECRET not in found["url"]
        assert rows(store) == {"drawings": 1, "drawing_files": 1, "drawing_deletions": 0, "bytes": 0}

        async def ask(_revision: str) -> DrawingUrl:
            return DrawingUrl(**found)

        fetcher = DrawingFetcher(ask, base_url="http://127.0.0.1:8000")
        drawing = await fetcher.fetch("r")
        assert (drawing.data, drawing.title) == (PNG, "shaft")
        DrawingPlaces(store).open(s3.url).put(NAME, PNG + b"changed", "image/png")
        with pytest.raises(CannotShowError, match="was changed where it lies") as changed:
            await fetcher.fetch("r")
        assert changed.value.next_step.startswith("Tell the server's operator. ")
        assert (await lead.get(f"{GEOMETRY}/{'0' * 36}/drawing-url")).status_code == 404


async def test_people_who_cannot_reach_the_store_read_through_the_server(
    settings: ServerSettings, s3: S3Server
) -> None:
    for base, place in (("https://label.example.com", s3.url), ("http://127.0.0.1:8000", f"{s3.url}&sign=no")):
        named = replace(settings, drawings_url=place, database_url=f"{settings.database_url}{len(base)}")
        async with serving(named, base) as lead:
            found = (await address(lead)).json()
            assert set(found) == {"url", "status", "content_type"}
            assert found["url"].startswith(f"{base}{GONOGO}/drawings/")
            assert (await lead.get(urlsplit(found["url"]).path)).content == PNG
        s3.forget()


@on_both_databases
@pytest.mark.parametrize("harm", ["missing", "changed", "short"])
async def test_a_file_that_was_lost_or_changed_is_not_sent_and_an_import_brings_it_back(
    settings: ServerSettings, tmp_path: Path, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "drawings"
    async with serving(replace(settings, drawings_url=folder.as_uri())) as lead:
        path = urlsplit((await address(lead)).json()["url"]).path
        assert (await lead.get(path)).content == PNG
        file = folder / NAME[:2] / NAME
        if harm == "missing":
            file.unlink()
        else:
            file.write_bytes(PNG[:-1] + b"?" if harm == "changed" else PNG[:-1])
        with caplog.at_level(logging.ERROR, "gonogo.server"):
            answer = await lead.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
        assert "missing or damaged" in answer.json()["error"]["message"]
        assert str(folder) not in answer.text
        assert str(folder) in caplog.text
        assert NAME in caplog.text
        assert (await lead.head(path)).status_code == 503
        assert (await upload(lead)).status_code == 200
        assert (await lead.get(path)).content == PNG


@on_both_databases
async def test_an_upload_while_the_store_is_down_changes_nothing_and_succeeds_later(
    settings: ServerSettings, store: Store, s3: S3Server, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(replace(settings, drawings_url=s3.url)) as lead:
        s3.stop()
        key = {"Idempotency-Key": "the-same-for-both"}
        refused = await upload(lead, headers=key)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "unavailable")
        assert "Nothing was changed" in refused.json()["error"]["message"]
        ready = await lead.get("/readyz")
        assert (ready.status_code, ready.json()["error"]["details"]) == (503, {"reason": "drawings"})
        assert (await lead.get("/healthz")).status_code == 200
        assert rows(store) == {"drawings": 0, "drawing_files": 0, "drawing_deletions": 0, "bytes": None}
        s3.start()
        assert (await upload(lead, headers=key)).status_code == 201
        assert (await lead.get("/readyz")).status_code == 200
        s3.refuse_keys(True)
        try:
            assert (await upload(lead)).status_code == 503
            assert (await lead.get("/readyz")).status_code == 503
        finally:
            s3.refuse_keys(False)
    assert "can't be reached" in caplog.text
    assert "doesn't let the server" in caplog.text
    assert KEY not in caplog.text
    assert SECRET not in caplog.text


async def test_several_drawings_at_once_lie_in_the_place_and_what_is_no_drawing_does_not(
    settings: ServerSettings, store: Store, tmp_path: Path
) -> None:
    folder = tmp_path / "drawings"
    async with serving(replace(settings, drawings_url=folder.as_uri())) as lead:
        head = '[{"part": "a", "filename": "", "size_bytes": 9}, {"part": "b", "filename": "", "size_bytes": 10}]\n'
        given = b"%PDF-1.7a%PDF-1.7bb"
        answer = await lead.post(f"{GONOGO}/drawings/batch", content=head.encode() + given)
        assert answer.status_code == 201, answer.text
        assert (await lead.post(f"{GONOGO}/drawings/batch", content=head.encode() + given[1:])).status_code == 422
        assert (await upload(lead, b"no drawing at all")).status_code == 422
        assert (await upload(lead, b"")).status_code == 422
    files = {file.name for file in folder.rglob("*") if file.is_file()} - {"gonogo-drawings.txt"}
    assert files == {hashlib.sha256(content).hexdigest() for content in (given[:9], given[9:])}
    assert rows(store)["bytes"] == 0


@on_both_databases
async def test_a_server_with_another_place_than_the_drawings_lie_in_does_not_start(
    settings: ServerSettings, tmp_path: Path
) -> None:
    first, other = (tmp_path / "first").as_uri(), (tmp_path / "other").as_uri()
    for unused in (other, first):  # without drawings any place will do
        async with serving(replace(settings, drawings_url=unused)):
            pass
    async with serving(settings) as lead:  # it is remembered
        path = urlsplit((await address(lead)).json()["url"]).path
        assert (tmp_path / "first" / NAME[:2] / NAME).exists()
    for wrong in (other, "database:"):
        with pytest.raises(WrongPlaceError, match=f"lie in {first}, not in {wrong}"):
            async with serving(replace(settings, drawings_url=wrong)):
                pass
    async with serving(replace(settings, drawings_url=f"{first}/")) as lead:
        shutil.move(tmp_path / "first", tmp_path / "unmounted")
        (tmp_path / "first").mkdir()
        assert (await lead.get("/readyz")).json()["error"]["details"] == {"reason": "drawings"}
        assert (await lead.get(path)).status_code == 503
        assert (await upload(lead)).status_code == 503  # nothing lands in a folder that is not the place
        assert list((tmp_path / "first").iterdir()) == []


async def test_two_databases_do_not_share_a_place(settings: ServerSettings, tmp_path: Path) -> None:
    place = (tmp_path / "drawings").as_uri()
    async with serving(replace(settings, drawings_url=place)):
        pass
    with pytest.raises(WrongPlaceError, match="holds the drawings of another database"):
        async with serving(replace(settings, drawings_url=place, database_url=f"{settings.database_url}2")):
            pass

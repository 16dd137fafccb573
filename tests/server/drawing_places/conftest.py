"""The three places, over a store; the object store is a real server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.object_store import S3Server, s3_server


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    with s3_server(monkeypatch) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "the drawings"


@pytest.fixture(params=["database", "folder", "objects"])
def place_url(request: pytest.FixtureRequest, folder: Path) -> str:
    """The URL of each of the three places."""
    if request.param == "objects":
        server: S3Server = request.getfixturevalue("s3")
        return server.url
    return "database:" if request.param == "database" else folder.as_uri()

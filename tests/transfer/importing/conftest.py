"""Our own server in the same process, small drawings, and files of lines."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from gonogo.client.credential import ApiKey
from gonogo.client.gonogo_client import GonogoClient
from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings
from gonogo.transfer.importing.drawings_folder import DrawingFolder
from gonogo.transfer.importing.records import BadLine, ImportLine, RecordReader
from gonogo.transfer.importing.registry import read_records
from tests.sqlite import fresh_database

TOKEN = "local-lead-of-this-test"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40

WriteLines = Callable[..., Path]


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[GonogoClient]:
    settings = ServerSettings(database_url=fresh_database(tmp_path / "server.db"), embedded_token=TOKEN)
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with GonogoClient("http://embedded.localhost", ApiKey(TOKEN), transport=transport) as client:
            yield client


@pytest.fixture
def drawings(tmp_path: Path) -> Path:
    folder = tmp_path / "drawings"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.png").write_bytes(PNG + b"a")
    (folder / "deep" / "b.png").write_bytes(PNG + b"b")
    (folder / "c.pdf").write_bytes(b"%PDF-1.7\nc")
    (folder / "liar.pdf").write_bytes(b"hello, I am text")
    (folder / "empty.png").write_bytes(b"")
    (tmp_path / "secret.png").write_bytes(PNG)
    return folder


@pytest.fixture
def write(drawings: Path) -> WriteLines:
    """Writes a file of lines beside the drawings; a line is an object, text or bytes."""

    def write(*lines: Any, name: str = "lines.jsonl") -> Path:
        path = drawings / name
        path.write_bytes(b"\n".join(_bytes(line) for line in lines) + b"\n")
        return path

    return write


def _bytes(line: Any) -> bytes:
    if isinstance(line, bytes):
        return line
    return line.encode() if isinstance(line, str) else json.dumps(line).encode()


def reading(**changes: Any) -> dict[str, Any]:
    """A good line; fields set to `...` are left out."""
    usual = {
        "id": "one",
        "part": "a",
        "drawing": "a.png",
        "bbox": [10, 20, 110, 60],
        "bbox_unit": "px",
        "detail_kind": "dimension",
        "predicted_value": {"text": "⌀16,5"},
    }
    return {name: value for name, value in {**usual, **changes}.items() if value is not ...}


def read_lines(path: Path, drawings: Path | None = None) -> tuple[list[ImportLine], list[BadLine]]:
    """The good and the bad lines of `path`; the drawings are in the folder `drawings`, or beside the file."""
    reader = RecordReader(DrawingFolder(drawings or path.parent))
    lines = list(reader.good_lines(read_records(path)))
    duplicates = reader.duplicates()
    return [line for index, line in enumerate(lines) if index not in duplicates], reader.bad_lines(duplicates)

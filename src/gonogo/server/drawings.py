"""Drawings of part revisions: kept by content, told apart by their bytes rather than by their names."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from gonogo.server.store.tables import drawing_files, drawings, new_id, part_revisions, parts
from gonogo.wire.extensions import DrawingStored

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"II+\0", "image/tiff"),
    (b"MM\0+", "image/tiff"),
)
_EXTENSIONS = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".pdf": "application/pdf",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".svg": "image/svg+xml",
    ".dxf": "image/vnd.dxf",
}
UNKNOWN = "application/octet-stream"
_SUFFIXES = {kind: suffix for suffix, kind in reversed(_EXTENSIONS.items())}


@dataclass(frozen=True)
class File:
    """What is served: `bytes` with their media type and SHA-256 (hexadecimal), and the name of the part."""

    content: bytes
    content_type: str
    sha256: str
    part: str


def content_type_of(content: bytes, filename: str) -> str:
    """The media type by the first bytes, else (text formats have no fixed first bytes) by the name's ending."""
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            return kind
    if b"%PDF-" in content[:1024]:  # as readers allow
        return "application/pdf"
    by_name = _EXTENSIONS.get(PurePosixPath(filename).suffix.lower(), UNKNOWN)
    return by_name if by_name in ("image/svg+xml", "image/vnd.dxf") else UNKNOWN


def served_name(content_type: str) -> str:
    """A file name that says nothing but the format."""
    return "drawing" + _SUFFIXES.get(content_type, ".bin")


def store_drawing(
    connection: Connection, org_id: str, part: str, filename: str, content: bytes, now: datetime
) -> DrawingStored:
    """Keeps a drawing of a part.

    The same bytes again change nothing. Other bytes make a new revision of the part, unless its newest revision has no
    drawing yet (it was named by a prediction first).
    """
    sha256 = hashlib.sha256(content).hexdigest()
    part_id = part_named(connection, org_id, part, now)
    # Of two workers that are given the same file, the second one sees the first one's revision.
    connection.execute(select(parts.c.id).where(parts.c.id == part_id).with_for_update(key_share=True))
    known = _revision_with(connection, part_id, sha256)
    created = known is None
    revision = known or _undrawn_revision(connection, part_id) or _new_revision(connection, part_id, now)
    if created:
        if not connection.execute(select(drawing_files.c.sha256).where(drawing_files.c.sha256 == sha256)).first():
            connection.execute(drawing_files.insert().values(sha256=sha256, size_bytes=len(content), bytes=content))
        kind = content_type_of(content, filename)
        row = {"part_revision_id": revision, "sha256": sha256, "filename": filename, "content_type": kind}
        connection.execute(drawings.insert().values(**row, id=new_id(), created_at=now))
    return DrawingStored(part_revision_id=revision, sha256=sha256, size_bytes=len(content), created=created)


def part_named(connection: Connection, org_id: str, name: str, now: datetime) -> str:
    """The id of the organisation's part of this name, made when there is none."""
    query = select(parts.c.id).where(parts.c.org_id == org_id, parts.c.name == name)
    found: str | None = connection.execute(query).scalar()
    if found is None:
        found = new_id()
        connection.execute(parts.insert().values(id=found, org_id=org_id, name=name, created_at=now))
    return found


def newest_revision(connection: Connection, part_id: str, now: datetime) -> str:
    """The id of the part's newest revision, made when there is none."""
    return _first(connection, _revisions(part_id)) or _new_revision(connection, part_id, now)


def active_drawing(connection: Connection, revision_id: str) -> Row[Any] | None:
    """`id` and `content_type` of the newest drawing of a revision."""
    query: Select[Any] = select(drawings.c.id, drawings.c.content_type)
    query = query.where(drawings.c.part_revision_id == revision_id)
    return connection.execute(query.order_by(drawings.c.number.desc()).limit(1)).first()


def read_file(connection: Connection, drawing_id: str) -> File | None:
    query = select(drawing_files.c.bytes, drawings.c.content_type, drawings.c.sha256, parts.c.name)
    query = query.select_from(drawing_files.join(drawings).join(part_revisions).join(parts))
    row = connection.execute(query.where(drawings.c.id == drawing_id)).first()
    return None if row is None else File(row.bytes, row.content_type, row.sha256, row.name)


def revision_of(connection: Connection, org_id: str, revision_id: str) -> bool:
    """Whether the organisation has this revision."""
    query = select(part_revisions.c.id).join(parts, parts.c.id == part_revisions.c.part_id)
    return (
        connection.execute(query.where(part_revisions.c.id == revision_id, parts.c.org_id == org_id)).first()
        is not None
    )


def _revisions(part_id: str) -> Select[Any]:
    query = select(part_revisions.c.id).where(part_revisions.c.part_id == part_id)
    return query.order_by(part_revisions.c.number.desc()).limit(1)


def _revision_with(connection: Connection, part_id: str, sha256: str) -> str | None:
    return _first(connection, _revisions(part_id).join(drawings).where(drawings.c.sha256 == sha256))


def _undrawn_revision(connection: Connection, part_id: str) -> str | None:
    newest = _first(connection, _revisions(part_id))
    return newest if newest is not None and active_drawing(connection, newest) is None else None


def _new_revision(connection: Connection, part_id: str, now: datetime) -> str:
    revision = new_id()
    connection.execute(part_revisions.insert().values(id=revision, part_id=part_id, created_at=now))
    return revision


def _first(connection: Connection, query: Select[Any]) -> str | None:
    found: str | None = connection.execute(query).scalar()
    return found

"""Drawing store of part revisions: stores each content once, compared by SHA-256 rather than by name."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, NamedTuple

from pydantic import Field, TypeAdapter, ValidationError
from sqlalchemy import Connection, bindparam, func, select

from gonogo.schemas.enums import ErrorCode
from gonogo.schemas.gonogo_api import DrawingGiven, DrawingStored
from gonogo.server.drawing_places.place import DamagedDrawingError, DrawingPlace
from gonogo.server.drawing_places.place_url import DATABASE_URL
from gonogo.server.drawing_places.remembered import DrawingPlaces, lock, remembered
from gonogo.server.errors import ApiError, FieldError, invalid
from gonogo.server.http.bodies import parse_json
from gonogo.server.store.bulk_insert import chunks
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import drawing_deletions, drawing_files, drawings, part_revisions, parts, tasks
from gonogo.server.store.typed_rows import fetch_first

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
_BEFORE_SVG = re.compile(
    rb"(?:\xef\xbb\xbf)?(?>\s++|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*+(?:\[.*?\]\s*+)?>)*+", re.IGNORECASE | re.DOTALL
)
"""Byte order mark, declarations and comments. No pattern here backtracks: an upload may be 50 MB of white space."""
_SVG = re.compile(rb"<(?:[\w.-]{1,100}:)?svg[\s/>]", re.IGNORECASE)
_DXF = re.compile(
    rb"(?:\xef\xbb\xbf)?(?>\s*+999\r?\n[^\n]*+\n)*+\s*+0[ \t\r]*+\n\s*+SECTION|AutoCAD Binary DXF", re.IGNORECASE
)
UNKNOWN_TYPE = "application/octet-stream"
_NAMED = TypeAdapter(Annotated[list[DrawingGiven], Field(min_length=1, max_length=1000)])
_SUFFIXES = {kind: suffix for suffix, kind in reversed(_EXTENSIONS.items())}


@dataclass(frozen=True)
class DrawingUpload:
    """Drawing to be stored: name of its part, name of its file, and its bytes."""

    part: str
    filename: str
    content: bytes


class StoredDrawing(NamedTuple):
    """Drawing without its bytes: id, SHA-256 (hexadecimal) and size of them, media type, and the name of the part."""

    id: str
    sha256: str
    size_bytes: int
    content_type: str
    part: str


class PlacedFiles(NamedTuple):
    """Files that were put into a place before the transaction that stores their drawings.

    `known`: those that the database had then; a file that was deleted since must be put there again.
    """

    url: str
    known: frozenset[str]


def content_type_of(content: bytes) -> str:
    """The media type by the first bytes; text formats have no fixed ones, so by their first element or group."""
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            return kind
    if b"%PDF-" in content[:1024]:  # as readers allow
        return "application/pdf"
    before = _BEFORE_SVG.match(content)
    if before is not None and _SVG.match(content, before.end()):
        return "image/svg+xml"
    return "image/vnd.dxf" if _DXF.match(content) else UNKNOWN_TYPE


def require_drawings(given: Sequence[DrawingUpload]) -> None:
    """Raises 422 for files that are no drawing: nobody could open them."""
    message = "This file is not a drawing: PNG, JPEG, TIFF, PDF, SVG and DXF are."
    errors: list[FieldError] = [
        {"loc": ["body", index], "msg": message, "type": "drawing"}
        for index, item in enumerate(given)
        if content_type_of(item.content) == UNKNOWN_TYPE
    ]
    if errors:
        raise invalid(errors)


def download_name(content_type: str) -> str:
    """File name of a download, which shows the format and nothing else."""
    return "drawing" + _SUFFIXES.get(content_type, ".bin")


def parse_batch(body: bytes) -> list[DrawingUpload]:
    """Drawings of a batch: a line of JSON that names them, then their bytes. Raises 422 for anything else."""
    line, _, rest = body.partition(b"\n")
    try:
        named = _NAMED.validate_python(parse_json(line), strict=True)
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False, include_context=False)
        raise invalid(
            [{"loc": ["body", *item["loc"]], "msg": item["msg"], "type": item["type"]} for item in problems]
        ) from None
    size = sum(item.size_bytes for item in named)
    if size != len(rest):
        message = f"The first line announces {size} bytes of drawings; {len(rest)} follow."
        raise invalid([{"loc": ["body"], "msg": message, "type": "size_bytes"}])
    given, start = [], 0
    for item in named:
        given.append(DrawingUpload(item.part, item.filename, rest[start : start + item.size_bytes]))
        start += item.size_bytes
    return given


def put_files(places: DrawingPlaces, given: Sequence[DrawingUpload]) -> PlacedFiles | None:
    """Puts the files of drawings into their place; `None` if that is the database, where `store_drawings` puts them.

    Blocks as long as the place takes. Raises `PlaceError`, or 503 while one of the files is being deleted.
    """
    files = {hashlib.sha256(item.content).hexdigest(): item.content for item in given}
    with places.store.read() as connection:
        if remembered(connection).url == DATABASE_URL:
            return None
        _refuse_deleted(connection, files)
        known = _stored_files(connection, files)
    place = places.require_reachable()  # or drawings would land in the folder below a disk that is not mounted
    for sha256, content in files.items():
        place.put(sha256, content, content_type_of(content))
    return PlacedFiles(place.url, known)


def store_drawings(
    connection: Connection,
    org_id: str,
    given: Sequence[DrawingUpload],
    now: datetime,
    placed: PlacedFiles | None = None,
) -> list[DrawingStored]:
    """Stores drawings of parts, as if one after the other; returns a record of each.

    The same bytes again change nothing. Other bytes make a new revision of the part, unless its newest revision has no
    drawing yet (it was named by a prediction first). Raises 503 if `placed` is not where the drawings lie by now.
    """
    if lock(connection).url != (DATABASE_URL if placed is None else placed.url):
        raise place_unavailable("The drawings are being moved to another place.")
    ids = get_or_create_parts(connection, org_id, [item.part for item in given], now)
    history = _histories(connection, ids)
    new_rows = _NewRows(placed)
    stored = []
    for item in given:
        sha256 = hashlib.sha256(item.content).hexdigest()
        known = history[ids[item.part]]
        revision = next((name for name in reversed(known) if sha256 in known[name]), None)
        created = revision is None
        if revision is None:
            revision = next(reversed(known), None)
            if revision is None or known[revision]:
                revision = new_rows.revision(ids[item.part], now)
            known.setdefault(revision, set()).add(sha256)
            new_rows.drawing(revision, sha256, item, now)
        stored.append(
            DrawingStored(part_revision_id=revision, sha256=sha256, size_bytes=len(item.content), created=created)
        )
    new_rows.write(connection)
    return stored


class _NewRows:
    """Buffer of rows to be inserted, a statement a table."""

    def __init__(self, placed: PlacedFiles | None = None) -> None:
        self._placed = placed
        self._revisions: list[dict[str, object]] = []
        self._drawings: list[dict[str, object]] = []
        self._files: dict[str, bytes] = {}

    def revision(self, part_id: str, now: datetime) -> str:
        row = {"id": new_id(), "part_id": part_id, "created_at": now}
        self._revisions.append(row)
        return str(row["id"])

    def drawing(self, revision: str, sha256: str, item: DrawingUpload, now: datetime) -> None:
        kind = content_type_of(item.content)
        row = {"part_revision_id": revision, "sha256": sha256, "filename": item.filename, "content_type": kind}
        self._drawings.append({**row, "id": new_id(), "created_at": now})
        self._files[sha256] = item.content

    def write(self, connection: Connection) -> None:
        _refuse_deleted(connection, self._files)
        there = _stored_files(connection, self._files)
        if self._placed is not None and (self._placed.known & self._files.keys()) - there:
            raise place_unavailable("A drawing of the same content is being deleted.")
        files = [
            {"sha256": sha256, "size_bytes": len(content), "bytes": content if self._placed is None else b""}
            for sha256, content in self._files.items()
            if sha256 not in there
        ]
        for table, rows in ((part_revisions, self._revisions), (drawing_files, files), (drawings, self._drawings)):
            if rows:
                connection.execute(table.insert(), rows)


def get_or_create_parts(connection: Connection, org_id: str, names: Iterable[str], now: datetime) -> dict[str, str]:
    """Ids of the organisation's parts by name; missing parts are created."""
    wanted = list(dict.fromkeys(names))
    known: dict[str, str] = {}
    for some in chunks(wanted):
        known |= {row.name: row.id for row in connection.execute(_PARTS, {"org": org_id, "names": some})}
    fresh = [
        {"id": new_id(), "org_id": org_id, "name": name, "created_at": now} for name in wanted if name not in known
    ]
    if fresh:
        connection.execute(parts.insert(), fresh)
    return known | {str(row["name"]): str(row["id"]) for row in fresh}


def newest_revisions(connection: Connection, org_id: str, names: Iterable[str], now: datetime) -> dict[str, str]:
    """Newest revision of each part by name; missing parts get one without a drawing."""
    ids = get_or_create_parts(connection, org_id, names, now)
    newest: dict[str, str] = {}
    for some in chunks(ids.values()):
        rows = connection.execute(_REVISIONS, {"parts": some})
        newest |= {row.part_id: row.id for row in rows}  # the newest comes last
    new_rows = _NewRows()
    for part_id in ids.values():
        if part_id not in newest:
            newest[part_id] = new_rows.revision(part_id, now)
    new_rows.write(connection)
    return {name: newest[part_id] for name, part_id in ids.items()}


def _histories(connection: Connection, ids: Mapping[str, str]) -> dict[str, dict[str, set[str]]]:
    """Revisions of each part, oldest first, each with the SHA-256 of its drawings."""
    histories: dict[str, dict[str, set[str]]] = {part_id: {} for part_id in ids.values()}
    for some in chunks(sorted(histories)):
        # Locked, so that of two workers with the same file the second sees the first one's revision.
        connection.execute(_LOCKED, {"parts": some})
        for row in connection.execute(_REVISIONS, {"parts": some}):
            of_revision = histories[row.part_id].setdefault(row.id, set())
            if row.sha256 is not None:
                of_revision.add(row.sha256)
    return histories


def active_drawing(connection: Connection, revision_id: str) -> StoredDrawing | None:
    """The newest drawing of a revision; `None` if it has none."""
    of_revision = _STORED.where(drawings.c.part_revision_id == revision_id)
    return fetch_first(connection, of_revision.order_by(drawings.c.number.desc()).limit(1), StoredDrawing)


def stored_drawing(connection: Connection, drawing_id: str) -> StoredDrawing | None:
    """The drawing without its bytes; `None` if there is none."""
    return fetch_first(connection, _STORED.where(drawings.c.id == drawing_id), StoredDrawing)


async def read_pieces(place: DrawingPlace, sha256: str, start: int, size: int) -> AsyncIterator[bytes]:
    """Yields a part of a drawing's content, piece by piece, each read in a thread.

    So a client that reads slowly holds no connection. Raises `DamagedDrawingError` if the file has gone meanwhile.
    """
    end = start + size
    while start < end:
        piece = await asyncio.to_thread(place.read, sha256, start, min(place.piece_bytes, end - start))
        if not piece:
            raise DamagedDrawingError(f"The drawing {sha256} in {place.url} has gone while it was sent.")
        yield piece
        start += len(piece)


def place_unavailable(what: str) -> ApiError:
    """503 for what the place of the drawings can't do now."""
    message = f"{what} Nothing was changed. Try again in a moment."
    return ApiError(503, ErrorCode.UNAVAILABLE, message, {"reason": "drawings"})


def _stored_files(connection: Connection, names: Iterable[str]) -> frozenset[str]:
    stored: set[str] = set()
    for some in chunks(names):
        stored |= set(connection.execute(_FILES, {"names": some}).scalars())
    return frozenset(stored)


def _refuse_deleted(connection: Connection, names: Iterable[str]) -> None:
    for some in chunks(names):
        if connection.execute(_DELETED, {"names": some}).first() is not None:
            raise place_unavailable("A drawing of the same content is being deleted.")


def has_revision(connection: Connection, org_id: str, revision_id: str) -> bool:
    """Whether the organisation has this revision."""
    query = select(part_revisions.c.id).join(parts, parts.c.id == part_revisions.c.part_id)
    return (
        connection.execute(query.where(part_revisions.c.id == revision_id, parts.c.org_id == org_id)).first()
        is not None
    )


_PARTS = select(parts.c.id, parts.c.name).where(
    parts.c.org_id == bindparam("org"), parts.c.name.in_(bindparam("names", expanding=True))
)
_of_parts = parts.c.id.in_(bindparam("parts", expanding=True))
_LOCKED = select(parts.c.id).where(_of_parts).order_by(parts.c.id).with_for_update(key_share=True)
_REVISIONS = (
    select(part_revisions.c.part_id, part_revisions.c.id, drawings.c.sha256)
    .outerjoin(drawings, drawings.c.part_revision_id == part_revisions.c.id)
    .where(part_revisions.c.part_id.in_(bindparam("parts", expanding=True)))
    .order_by(part_revisions.c.number)
)
_FILES = select(drawing_files.c.sha256).where(drawing_files.c.sha256.in_(bindparam("names", expanding=True)))
_DELETED = select(drawing_deletions.c.sha256).where(drawing_deletions.c.sha256.in_(bindparam("names", expanding=True)))
_STORED = select(
    drawings.c.id, drawings.c.sha256, drawing_files.c.size_bytes, drawings.c.content_type, parts.c.name.label("part")
).select_from(drawing_files.join(drawings).join(part_revisions).join(parts))

_drawn = drawings.alias("drawn")
NEWEST_DRAWING_NUMBER = (
    select(func.max(_drawn.c.number))
    .where(_drawn.c.part_revision_id == tasks.c.part_revision_id)
    .correlate(tasks)
    .scalar_subquery()
)
"""Number of the newest drawing of a task's part revision, inside a query over `tasks`."""

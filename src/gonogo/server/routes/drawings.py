"""Routes of drawings: upload, the signed URL of a part revision's drawing, and the file behind it.

The bytes lie in the place that the database names (`drawing_places`). Work with it takes long, so it is done in threads
and outside of transactions.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection, select

from gonogo.schemas.base import NOT_BLANK, VISIBLE
from gonogo.schemas.enums import DrawingStatus, ErrorCode
from gonogo.schemas.gonogo_api import DrawingsStored, DrawingStored, DrawingUrl
from gonogo.server.auth.authorization import EVERYBODY, LEAD
from gonogo.server.auth.principals import Principal
from gonogo.server.context import Context
from gonogo.server.drawing_places.intact import require_size
from gonogo.server.drawing_places.place import DamagedDrawingError, DrawingPlace, PlaceError
from gonogo.server.drawing_places.remembered import DrawingPlaces, describe
from gonogo.server.errors import ApiError, answer, invalid, not_found
from gonogo.server.http.byte_ranges import UnsatisfiableRangeError, is_known, requested_range
from gonogo.server.http.handler_decorators import Options, open_to, operation
from gonogo.server.http.openapi import Tag
from gonogo.server.http.pipeline import ApiRequest, Reply
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.store.schema import campaigns, projects, task_sheets
from gonogo.server.tasks.drawings import (
    DrawingUpload,
    StoredDrawing,
    active_drawing,
    download_name,
    has_revision,
    parse_batch,
    place_unavailable,
    put_files,
    read_pieces,
    require_drawings,
    store_drawings,
    stored_drawing,
)

PATH = "/api/v1/gonogo/drawings"
_FILE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Referrer-Policy": "no-referrer",
}

router = make_router(Tag.DRAWINGS)
log = logging.getLogger("gonogo.server")


async def _put_files(request: Request, _caller: Principal) -> None:
    """Puts the body's drawings into their place before the request's transaction starts. Raises 503."""
    assert isinstance(request, ApiRequest)
    try:
        batch = request.scope["route"].name == "store_drawings"
        uploads = parse_batch(request.raw) if batch else [DrawingUpload("", "", request.raw)]
        require_drawings(uploads)
    except ApiError:  # the operation refuses the same, and its reply is kept for a repeated request
        return
    try:
        request.state.placed = await asyncio.to_thread(put_files, request.app.state.places, uploads)
    except PlaceError as error:
        raise _refusal(error) from None


UPLOAD = operation(Options(file_body=True, prepare=_put_files))


@router.post(
    PATH,
    name="store_drawing",
    status_code=201,
    responses={200: {"model": DrawingStored, "description": "The part has this drawing already."}},
    openapi_extra={"requestBody": {"content": {"application/octet-stream": {"schema": {}}}, "required": True}},
)
@UPLOAD
@open_to(*LEAD)
def store(
    request: ApiRequest,
    ctx: Context,
    tx: Connection,
    part: Annotated[
        str, Query(min_length=1, max_length=200, pattern=NOT_BLANK, description="Name of the part."), VISIBLE
    ],
    filename: Annotated[str, Query(max_length=255, description="Name of the file; its content decides the type.")] = "",
) -> Reply[DrawingStored]:
    """Stores the body as the part's drawing (PNG, JPEG, TIFF, PDF, SVG, DXF); different bytes make a new revision."""
    if not request.raw:
        raise invalid([{"loc": ["body"], "msg": "The file is empty.", "type": "missing"}])
    upload = DrawingUpload(part, filename, request.raw)
    require_drawings([upload])
    (stored,) = store_drawings(tx, ctx.caller.org_id, [upload], ctx.now, request.state.placed)
    return Reply(stored, status=201 if stored.created else 200)


@router.post(
    f"{PATH}/batch",
    name="store_drawings",
    status_code=201,
    responses={200: {"model": DrawingsStored, "description": "The parts have all of these drawings already."}},
    openapi_extra={"requestBody": {"content": {"application/octet-stream": {"schema": {}}}, "required": True}},
)
@UPLOAD
@open_to(*LEAD)
def store_several(request: ApiRequest, ctx: Context, tx: Connection) -> Reply[DrawingsStored]:
    """Stores several drawings in one transaction: all of them, or none.

    The body is one line of JSON, `[{"part", "filename", "size_bytes"}, …]`, ended by a newline, followed by the bytes
    of the drawings in that order, without separators.
    """
    uploads = parse_batch(request.raw)
    require_drawings(uploads)
    stored = store_drawings(tx, ctx.caller.org_id, uploads, ctx.now, request.state.placed)
    return Reply(DrawingsStored(data=stored), status=201 if any(item.created for item in stored) else 200)


@router.get(
    "/api/v1/parts/geometry/{part_revision_id}/drawing-url",
    name="part_revision_drawing_url",
    response_model_exclude_unset=True,  # the published answer has three fields
)
@open_to(*EVERYBODY)
async def drawing_url(request: Request, part_revision_id: str, ctx: Context) -> DrawingUrl:
    """Signed, short-lived URL of the revision's active drawing; fetching it needs no credential.

    Where the drawings lie in an object store that can be reached by https, the URL leads to it, and the answer has the
    drawing's `sha256` and `title` besides. 503 while the place of the drawings can't be reached.
    """
    places: DrawingPlaces = request.app.state.places
    base, seconds = _base(request, ctx), ctx.settings.drawing_url_seconds
    try:
        found = await asyncio.to_thread(_active, places, ctx.caller, part_revision_id)
        if found is None:
            return DrawingUrl(url=None, status=DrawingStatus.NO_DATASET, content_type=None)
        drawing, place = found
        allowed = ctx.settings.direct_drawings
        direct = await asyncio.to_thread(_direct_url, place, drawing, seconds, base) if allowed else None
    except PlaceError as error:
        raise _refusal(error) from None
    if direct is not None:
        kind, title = drawing.content_type, drawing.part
        return DrawingUrl(url=direct, status=DrawingStatus.READY, content_type=kind, sha256=drawing.sha256, title=title)
    token = await asyncio.to_thread(request.app.state.signer.sign, drawing.id, ctx.now, seconds)
    url = f"{base}{PATH}/{token}/{download_name(drawing.content_type)}"
    return DrawingUrl(url=url, status=DrawingStatus.READY, content_type=drawing.content_type)


@router.get(
    PATH + "/{token}/{name}",
    name="drawing_file",
    response_class=Response,
    responses={
        200: {"content": {"application/octet-stream": {}}, "description": "The drawing, in its own format."},
        206: {"content": {"application/octet-stream": {}}, "description": "The part that `Range` asks for."},
        304: {"description": "The client has this drawing already, by its `If-None-Match`."},
    },
)
@operation(Options(public=True, head=True))
async def drawing_file(request: Request, token: str, name: str) -> Response:
    """Drawing file behind a signed URL; 404 when the URL was altered or has expired (15 minutes by default).

    It is read in pieces, off the event loop. `If-None-Match`, one `Range` and HEAD are understood. 503 while the file's
    place can't be reached, or has another file than was stored.
    """
    state = request.app.state
    now = state.clock()
    drawing_id = state.signer.read(token, now)
    if drawing_id is None:
        raise not_found()
    try:
        found = await asyncio.to_thread(_stored, state.places, drawing_id)
    except PlaceError as error:
        return answer(request, _refusal(error))
    if found is None or name != download_name(found[0].content_type):
        raise not_found()
    file, place = found
    # The part's name, not the stored file's: it is the same for all tasks of a sheet, gold or not.
    title = quote(file.part + PurePosixPath(name).suffix, safe="")
    etag = f'"{file.sha256}"'
    headers = {
        **_FILE_HEADERS,
        "Content-Disposition": f"inline; filename*=utf-8''{title}",
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": f"private, max-age={state.settings.drawing_url_seconds}",
    }
    if is_known(request, etag):
        return Response(status_code=304, headers=headers)
    try:
        part = requested_range(request, etag, file.size_bytes)
    except UnsatisfiableRangeError:
        message = f"The drawing has {file.size_bytes} bytes; the range starts after its end."
        refusal = ApiError(416, ErrorCode.BAD_REQUEST, message)
        return answer(request, refusal, {"Content-Range": f"bytes */{file.size_bytes}"})
    try:
        await asyncio.to_thread(state.digest_checks.require_intact, place, file.sha256, file.size_bytes)
    except PlaceError as error:
        return answer(request, _refusal(error))
    start, size = part or (0, file.size_bytes)
    headers["Content-Length"] = str(size)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{start + size - 1}/{file.size_bytes}"
    if request.method == "HEAD":
        return Response(headers=headers, media_type=file.content_type)
    pieces = read_pieces(place, file.sha256, start, size)
    return StreamingResponse(pieces, 200 if part is None else 206, headers, file.content_type)


def _stored(places: DrawingPlaces, drawing_id: str) -> tuple[StoredDrawing, DrawingPlace] | None:
    with places.store.read() as connection:
        drawing = stored_drawing(connection, drawing_id)
        return None if drawing is None else (drawing, places.current(connection))


def _active(places: DrawingPlaces, caller: Principal, revision_id: str) -> tuple[StoredDrawing, DrawingPlace] | None:
    """The revision's drawing and its place. Raises 404 for a revision that the caller may not see."""
    with places.store.read() as connection:
        if not _may_see(connection, caller, revision_id):
            raise not_found()
        drawing = active_drawing(connection, revision_id)
        return None if drawing is None else (drawing, places.current(connection))


def _direct_url(place: DrawingPlace, drawing: StoredDrawing, seconds: int, base: str) -> str | None:
    """URL to the place itself, of a file that is there; `None` if the server sends it. Raises `PlaceError`."""
    url = place.sign(drawing.sha256, seconds, base)
    if url is not None:
        require_size(place, drawing.sha256, drawing.size_bytes)
    return url


def _refusal(error: PlaceError) -> ApiError:
    """503 for the caller, who learns nothing of the place; the server's log has the sentence."""
    log.error("drawings: %s", describe(error))
    if isinstance(error, DamagedDrawingError):
        return place_unavailable("The drawing's file is missing or damaged where this server keeps its drawings.")
    return place_unavailable(
        "The place where this server keeps its drawings can't be used; `gonogo doctor` there says why."
    )


def _base(request: Request, ctx: Context) -> str:
    """Base of the URL: the configured public URL, else the one of the request."""
    url = ctx.settings.public_url or str(request.base_url)
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _may_see(connection: Connection, caller: Principal, revision_id: str) -> bool:
    """True for users within their organisation, for annotators and reviewers if a task within their reach is on it."""
    if not has_revision(connection, caller.org_id, revision_id):
        return False
    return caller.kind == "user" or _in_reach(connection, caller, revision_id)


def _in_reach(connection: Connection, caller: Principal, revision_id: str) -> bool:
    within: Any = campaigns.c.id == caller.campaign_id
    if caller.role == "annotator":
        pool = select(projects.c.id).where(projects.c.org_id == caller.org_id, projects.c.uses_platform_pool)
        within |= campaigns.c.project_id.in_(pool)
    sheets = select(task_sheets.c.sheet).join(campaigns, campaigns.c.id == task_sheets.c.campaign_id)
    alike = sheets.where(within, task_sheets.c.sheet.startswith(f"{revision_id}#", autoescape=True))
    # A revision may have "#" in its name, too: `a#b#1` is page 1 of `a#b`, and opens nothing of `a`.
    return any(sheet.rpartition("#")[0] == revision_id for sheet in connection.execute(alike).scalars())

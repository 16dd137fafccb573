"""Routes of drawings: upload, the signed URL of a part revision's drawing, and the file behind it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from fastapi import Query, Request, Response
from sqlalchemy import Connection, select

from gonogo.schemas.base import NOT_BLANK
from gonogo.schemas.enums import DrawingStatus
from gonogo.schemas.gonogo_api import DrawingsStored, DrawingStored, DrawingUrl
from gonogo.server.auth.authorization import EVERYBODY, LEAD
from gonogo.server.auth.principals import Principal
from gonogo.server.context import Context
from gonogo.server.errors import invalid, not_found
from gonogo.server.http.operation_options import FILE_BODY, PUBLIC, open_to
from gonogo.server.http.pipeline import ApiRequest, Reply
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.store.schema import campaigns, projects, task_sheets
from gonogo.server.tasks.drawings import (
    DrawingUpload,
    active_drawing,
    download_name,
    has_revision,
    parse_batch,
    read_file,
    require_drawings,
    store_drawings,
)

PATH = "/api/v1/gonogo/drawings"
_FILE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Referrer-Policy": "no-referrer",
}

router = make_router()


@router.post(
    PATH,
    name="store_drawing",
    status_code=201,
    responses={200: {"model": DrawingStored, "description": "The part has this drawing already."}},
    openapi_extra={"requestBody": {"content": {"application/octet-stream": {"schema": {}}}, "required": True}},
)
@FILE_BODY
@open_to(*LEAD)
def store(
    request: ApiRequest,
    ctx: Context,
    tx: Connection,
    part: Annotated[str, Query(min_length=1, max_length=200, pattern=NOT_BLANK)],
    filename: Annotated[str, Query(max_length=255)] = "",
) -> Reply[DrawingStored]:
    """Stores the body as the part's drawing (PNG, JPEG, TIFF, PDF, SVG, DXF); different bytes make a new revision."""
    if not request.raw:
        raise invalid([{"loc": ["body"], "msg": "The file is empty.", "type": "missing"}])
    upload = DrawingUpload(part, filename, request.raw)
    require_drawings([upload])
    (stored,) = store_drawings(tx, ctx.caller.org_id, [upload], ctx.now)
    return Reply(stored, status=201 if stored.created else 200)


@router.post(
    f"{PATH}/batch",
    name="store_drawings",
    status_code=201,
    responses={200: {"model": DrawingsStored, "description": "The parts have all of these drawings already."}},
    openapi_extra={"requestBody": {"content": {"application/octet-stream": {"schema": {}}}, "required": True}},
)
@FILE_BODY
@open_to(*LEAD)
def store_several(request: ApiRequest, ctx: Context, tx: Connection) -> Reply[DrawingsStored]:
    """Stores several drawings in one transaction: all of them, or none.

    The body is one line of JSON, `[{"part", "filename", "size_bytes"}, …]`, ended by a newline, followed by the bytes
    of the drawings in that order, without separators.
    """
    uploads = parse_batch(request.raw)
    require_drawings(uploads)
    stored = store_drawings(tx, ctx.caller.org_id, uploads, ctx.now)
    return Reply(DrawingsStored(data=stored), status=201 if any(item.created for item in stored) else 200)


@router.get("/api/v1/parts/geometry/{part_revision_id}/drawing-url", name="part_revision_drawing_url")
@open_to(*EVERYBODY)
def drawing_url(request: Request, part_revision_id: str, ctx: Context, tx: Connection) -> DrawingUrl:
    """Signed, short-lived URL of the revision's active drawing; fetching it needs no credential."""
    if not _may_see(tx, ctx.caller, part_revision_id):
        raise not_found()
    drawing = active_drawing(tx, part_revision_id)
    if drawing is None:
        return DrawingUrl(status=DrawingStatus.NO_DATASET)
    token = request.app.state.signer.sign(drawing.id, ctx.now, ctx.settings.drawing_url_seconds)
    url = f"{_base(request, ctx)}{PATH}/{token}/{download_name(drawing.content_type)}"
    return DrawingUrl(url=url, status=DrawingStatus.READY, content_type=drawing.content_type)


@router.get(
    PATH + "/{token}/{name}",
    name="drawing_file",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "The drawing, in its own format."}},
)
@PUBLIC
async def drawing_file(request: Request, token: str, name: str) -> Response:
    """Drawing file behind a signed URL; 404 when the URL was altered or has expired (15 minutes by default)."""
    state = request.app.state
    now = state.clock()
    drawing_id = state.signer.read(token, now)
    if drawing_id is None:
        raise not_found()
    with state.store.read() as connection:
        file = read_file(connection, drawing_id)
    if file is None or name != download_name(file.content_type):
        raise not_found()
    age = state.settings.drawing_url_seconds
    # The part's name, not the stored file's: it is the same for all tasks of a sheet, gold or not.
    title = quote(file.part + PurePosixPath(name).suffix, safe="")
    headers = {
        **_FILE_HEADERS,
        "Content-Disposition": f"inline; filename*=utf-8''{title}",
        "ETag": f'"{file.sha256}"',
        "Cache-Control": f"private, max-age={age}",
    }
    return Response(file.content, media_type=file.content_type, headers=headers)


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

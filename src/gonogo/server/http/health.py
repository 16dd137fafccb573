"""Health endpoints for load balancers and monitoring, outside the API: `/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import shutil
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from starlette.datastructures import State

from gonogo.schemas.enums import ErrorCode
from gonogo.server.auth import tokens
from gonogo.server.drawing_places.place import PlaceError
from gonogo.server.drawing_places.remembered import describe
from gonogo.server.errors import (
    DATABASE_AWAY,
    ApiError,
    answer,
    disk_full,
    forbidden,
    is_disk_full,
    not_found,
    unauthorized,
    unavailable,
)
from gonogo.server.http.metrics import Metrics
from gonogo.server.store.migrate import HEAD

log = logging.getLogger("gonogo.server")
_PASSED_ON = frozenset({"forwarded", "x-forwarded-for", "x-real-ip", "via"})
"""Headers that proxies add."""
_VERSION = text("SELECT version_num FROM alembic_version")


def add_to(app: FastAPI) -> None:
    """Adds the three paths, outside the OpenAPI."""
    for path, endpoint in (("/healthz", healthz), ("/readyz", readyz), ("/metrics", metrics)):
        app.add_api_route(path, endpoint, methods=["GET", "HEAD"], include_in_schema=False, response_model=None)


async def healthz(_request: Request) -> Response:
    """Answers 200 while the process works at all; restart it when this fails."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Answers 200 if the database is there, with this release's schema and room to write, and the place of the
    drawings; else 503.
    """
    try:
        row: tuple[object, ...] | None = request.app.state.store.query_one(_VERSION)
    except DATABASE_AWAY:
        return answer(request, unavailable())
    if row is None or row[0] != HEAD:
        return answer(request, unavailable())
    free = _free_bytes(request.app.state.store.url)
    if free is not None and free < request.app.state.settings.min_free_bytes:
        return answer(request, disk_full(f"The disk of the database is full: {free} bytes are free."))
    try:
        if await asyncio.to_thread(_refuses_writes, request.app.state):
            return answer(request, disk_full())
    except DATABASE_AWAY:
        return answer(request, unavailable())
    try:
        await asyncio.to_thread(request.app.state.places.require_reachable)
    except PlaceError as error:
        log.error("drawings: %s", describe(error))
        message = "The place of the drawings can't be used; the server's log says why."
        return answer(request, ApiError(503, ErrorCode.UNAVAILABLE, message, {"reason": "drawings"}))
    return JSONResponse({"status": "ready", "schema": HEAD})


def _refuses_writes(state: State) -> bool:
    """True while the database has no room. Tried only after a write has failed for that: a trial is a write, too."""
    if state.disk_was_full:
        try:
            state.store.write_on_trial()
        except ProgrammingError:
            log.warning("disk full: no right to try with a temporary table whether there is room again")
        except DBAPIError as error:
            if not is_disk_full(error):
                raise
            return True
        state.disk_was_full = False
    return False


def _free_bytes(url: URL) -> int | None:
    """Free bytes on the disk of a SQLite database; `None` where the database is elsewhere."""
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    return shutil.disk_usage(Path(url.database).absolute().parent).free


async def metrics(request: Request) -> Response:
    """Prometheus text; 404 unless the server was started with metrics.

    Whoever has the token may read it; without a token in the settings, this machine may, unless a proxy passes it on.
    """
    numbers: Metrics | None = request.app.state.metrics
    if numbers is None:
        return answer(request, not_found())
    token: str | None = request.app.state.settings.metrics_token
    if token is not None:
        if not tokens.same(request.headers.get("authorization", ""), f"Bearer {token}"):
            message = "Metrics need the token of this server: send it as `Authorization: Bearer TOKEN`."
            return answer(request, unauthorized(ErrorCode.INVALID_API_KEY, message), {"WWW-Authenticate": "Bearer"})
    elif not _is_local(request):
        message = (
            "Metrics are for this machine only. Start the server with GONOGO_METRICS_TOKEN to read them elsewhere."
        )
        return answer(request, forbidden(message))
    return PlainTextResponse(numbers.text(), media_type="text/plain; version=0.0.4")


def _is_local(request: Request) -> bool:
    """True if the request comes from this machine by itself: a proxy on it speaks for strangers."""
    if request.client is None or not _PASSED_ON.isdisjoint(request.headers):
        return False
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback

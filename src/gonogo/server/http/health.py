"""Health endpoints for load balancers and monitoring: `/healthz`, `/readyz`, `/metrics`. Outside the API, public."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from sqlalchemy import text

from gonogo.server.errors import DATABASE_AWAY, answer, not_found, unavailable
from gonogo.server.store.migrate import HEAD

_VERSION = text("SELECT version_num FROM alembic_version")


def add_to(app: FastAPI) -> None:
    """Adds the three paths, outside the OpenAPI."""
    for path, endpoint in (("/healthz", healthz), ("/readyz", readyz), ("/metrics", metrics)):
        app.add_route(path, endpoint, include_in_schema=False)


async def healthz(_request: Request) -> Response:
    """Answers 200 while the process works at all; restart it when this fails."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Answers 200 if the database is there, with this release's schema; else 503."""
    try:
        found: Any = request.app.state.store.query_one(_VERSION)
    except DATABASE_AWAY:
        return answer(request, unavailable())
    if found is None or found.version_num != HEAD:
        return answer(request, unavailable())
    return JSONResponse({"status": "ready", "schema": HEAD})


async def metrics(request: Request) -> Response:
    """Prometheus text; 404 unless the server was started with metrics."""
    numbers = request.app.state.metrics
    if not numbers.enabled:
        return answer(request, not_found())
    return PlainTextResponse(numbers.text(), media_type="text/plain; version=0.0.4")

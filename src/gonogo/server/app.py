"""Labeling server application: routes, middleware, and the parts that requests share."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

import gonogo
from gonogo.server.drawing_places.intact import DigestChecks
from gonogo.server.drawing_places.remembered import DrawingPlaces
from gonogo.server.http import api_page, health, landing_page
from gonogo.server.http.metrics import Metrics
from gonogo.server.http.middleware import RequestContextMiddleware
from gonogo.server.http.openapi import DESCRIPTION, completed
from gonogo.server.http.rate_limits import RateLimiter
from gonogo.server.http.signed_urls import UrlSigner
from gonogo.server.ops import maintenance, metrics_sampler
from gonogo.server.progress.stream import ProgressHub
from gonogo.server.routes import campaigns, capabilities, claims, tasks
from gonogo.server.routes.deferred import MODULES, DeferredRoutes, routes_of
from gonogo.server.settings import ServerSettings
from gonogo.server.store.engine import Store
from gonogo.server.store.group_commit import GroupCommit
from gonogo.server.webhooks.background import send_in_background

Clock = Callable[[], datetime]


class LabelingServer(FastAPI):
    """FastAPI, with one middleware and a completed OpenAPI."""

    def build_middleware_stack(self) -> ASGIApp:
        """One layer round FastAPI's innermost; it does the work of the framework's other four."""
        return RequestContextMiddleware(AsyncExitStackMiddleware(self.router))

    def openapi(self) -> dict[str, Any]:
        return completed(super().openapi())


def create_app(
    settings: ServerSettings, *, store: Store | None = None, clock: Clock | None = None, deferred: bool = False
) -> FastAPI:
    """Returns a server over `settings.database_url`, or over a `store` that its caller opened and will dispose.

    The database is opened and brought up to date when the app starts (its lifespan), not here. `clock` gives aware
    UTC datetimes; every lease, expiry and limit follows it.
    """
    app = LabelingServer(
        title="gonogo labeling server",
        description=DESCRIPTION,
        version=gonogo.__version__,
        openapi_url=api_page.OPENAPI_PATH if settings.docs else None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # spans name addresses, which hold tokens
    )
    app.state.settings = settings
    app.state.clock = clock or _now
    app.state.rng = random.SystemRandom()
    app.state.store = store or Store(settings.database_url, replica=settings.read_database_url)
    app.state.disk_was_full = False  # at the last write that failed
    app.state.owns_store = store is None
    app.state.places = DrawingPlaces(app.state.store)
    app.state.digest_checks = DigestChecks()
    app.state.group_commit = GroupCommit(app.state.store)
    app.state.limits = RateLimiter(settings, app.state.clock, app.state.store)
    app.state.metrics = Metrics(settings.metrics_dir) if settings.metrics else None
    app.state.watching = ProgressHub(app.state.store, settings.streams_per_key, settings.watch_seconds)
    app.state.signer = UrlSigner(app.state.store, settings.signing_secret)
    for module in (claims, tasks, campaigns, capabilities):
        app.router.routes.extend(module.router.routes)  # `include_router` would search each router in turn
    app.router.routes.sort(key=_is_rare)  # a path is looked for in this order
    health.add_to(app)
    landing_page.add_to(app)
    if settings.docs:
        api_page.add_to(app)
    routes = app.router.routes
    for name in MODULES:
        routes.extend([DeferredRoutes(routes, name)] if deferred else routes_of(name))
    return app


def _is_rare(route: BaseRoute) -> bool:
    """False for the two operations of every answered task."""
    return getattr(route, "name", None) not in {"next_labeling_task", "submit_label"}


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.store.upgrade()
    try:
        app.state.places.choose(app.state.settings.drawings_url, app.state.clock())
        async with maintenance.run_in_background(app.state), metrics_sampler.run_in_background(app.state):
            with app.state.group_commit.pinned():
                async with send_in_background(app.state):
                    yield
            await app.state.watching.stopped()
    finally:
        if app.state.owns_store:
            app.state.store.close()


def _now() -> datetime:
    return datetime.now(UTC)

"""Deferred routes: adds a module's routes to a server when a request looks for a path that none before them has.

An embedded server lives as long as one command; the modules of all routes take a fifth of a second. It looks for a path
among its routes in their order, so what is inserted while it looks is found by the same request.
"""

from __future__ import annotations

import importlib

from fastapi import APIRouter
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

_OF_SHORT_COMMANDS = (
    "campaign_settings",
    "projects",
    "lead",
    "annotators",
    "quality",
    "progress_stream",
    "assignments",
    "webhooks",
)
MODULES = (*_OF_SHORT_COMMANDS, "sessions", "drawings", "predictions", "exports", "review", "results_api")
"""Modules of the routes beside campaigns, claims and tasks, in the order in which a path is looked for. Each path is
in one of them alone, so the order is a matter of speed."""


def routes_of(module: str) -> list[BaseRoute]:
    """Routes of one of `MODULES`, which is imported now."""
    router: APIRouter = importlib.import_module(f"gonogo.server.routes.{module}").router
    return router.routes


class DeferredRoutes(BaseRoute):
    """Place of a module's routes in `routes`: matches nothing, but puts them behind itself when first asked."""

    def __init__(self, routes: list[BaseRoute], module: str) -> None:
        self._routes = routes
        self._module = module
        self.loaded = False

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if not self.loaded:
            self.loaded = True
            behind = self._routes.index(self) + 1
            self._routes[behind:behind] = routes_of(self._module)
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("it matches nothing")

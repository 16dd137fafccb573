"""Deferred routes: adds the routes that a short command rarely needs, when a request first asks for one of them.

An embedded server lives as long as one command; the modules of all routes take a fifth of a second. It looks for a path
among its routes in their order, so what is appended while it looks is found by the same request.
"""

from __future__ import annotations

from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send


class DeferredRoutes(BaseRoute):
    """Last of `routes`: matches nothing, but loads the rest when no route before it has matched."""

    def __init__(self, routes: list[BaseRoute]) -> None:
        self._routes = routes
        self._loaded = False

    def load(self) -> None:
        """Appends the rest. Idempotent."""
        if not self._loaded:
            self._loaded = True
            from gonogo.server.routes.all_other import ROUTERS  # the point of this class

            for router in ROUTERS:
                self._routes.extend(router.routes)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        self.load()
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("it matches nothing")

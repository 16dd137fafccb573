"""Shared transport: lets several clients use one HTTP transport, which none of them closes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import httpx


class UnclosableTransport:
    """Transport that its users may close without closing it for the others; `get` is called at the first request.

    It is no subclass of `httpx.AsyncBaseTransport`, because it is made before httpx is imported.
    """

    def __init__(self, get: Callable[[], httpx.AsyncBaseTransport]) -> None:
        self._get = get

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._get().handle_async_request(request)

    async def aclose(self) -> None:
        """Does nothing: the transport belongs to the object that made it."""

    async def __aenter__(self) -> UnclosableTransport:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def shared_transport(get: Callable[[], httpx.AsyncBaseTransport]) -> httpx.AsyncBaseTransport:
    """Returns an `UnclosableTransport`, typed as httpx's base class, whose methods it has."""
    return cast("httpx.AsyncBaseTransport", UnclosableTransport(get))

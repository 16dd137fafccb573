"""Lazy imports: load the modules that need httpx and pydantic in a thread, when they are first needed.

They take some tenths of a second, and the first question is on the screen before they are needed; so the start path
names them only for the type checker.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gonogo.client.gonogo_client import GonogoClient
    from gonogo.desk.connection.server_adapter import HttpTaskServer
    from gonogo.desk.review.server_adapter import ReviewServer


async def client_class() -> type[GonogoClient]:
    """Returns `GonogoClient`."""

    def load() -> type[GonogoClient]:
        from gonogo.client.gonogo_client import GonogoClient  # deferred: httpx, pydantic

        return GonogoClient

    return await asyncio.to_thread(load)


async def task_server_class() -> type[HttpTaskServer]:
    """Returns `HttpTaskServer`."""

    def load() -> type[HttpTaskServer]:
        from gonogo.desk.connection.server_adapter import HttpTaskServer  # deferred: httpx, pydantic

        return HttpTaskServer

    return await asyncio.to_thread(load)


async def review_server_class() -> type[ReviewServer]:
    """Returns `ReviewServer`."""

    def load() -> type[ReviewServer]:
        from gonogo.desk.review.server_adapter import ReviewServer  # deferred: httpx, pydantic

        return ReviewServer

    return await asyncio.to_thread(load)

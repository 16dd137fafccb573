"""Lazy imports: load the modules that need httpx and pydantic in a thread, when they are first needed.

They take some tenths of a second, and the first question is on the screen before they are needed; so the start path
names them only for the type checker.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gonogo.desk.account.client_classes import HttpClients


async def http_clients() -> HttpClients:
    """Returns the classes of the client and of the servers over it."""

    def load() -> HttpClients:
        from gonogo.desk.account.client_classes import HTTP_CLIENTS  # deferred: httpx, pydantic

        return HTTP_CLIENTS

    return await asyncio.to_thread(load)

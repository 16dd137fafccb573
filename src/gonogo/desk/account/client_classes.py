"""Client classes that need httpx and pydantic, bundled for `lazy_imports` to load in a thread."""

from __future__ import annotations

from typing import Final, NamedTuple

from gonogo.client.gonogo_client import GonogoClient
from gonogo.desk.connection.server_adapter import HttpTaskServer
from gonogo.desk.review.server_adapter import ReviewServer


class HttpClients(NamedTuple):
    """Classes of the client and of the servers over it."""

    client: type[GonogoClient]
    task_server: type[HttpTaskServer]
    review_server: type[ReviewServer]


HTTP_CLIENTS: Final = HttpClients(GonogoClient, HttpTaskServer, ReviewServer)

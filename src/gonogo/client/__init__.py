"""API clients: typed methods for the ARCNM Labeling API, for gonogo's extensions, and for a results API.

Programs take `Labeling` or `AsyncLabeling` (`python_api`), which find campaigns by name and read lists whole:

    with Labeling("https://api.example.com", key) as api:
        tasks = list(api.tasks("batch 12"))

Under them are async classes with one method for each operation:

    async with LabelingClient("https://api.example.com", ApiKey(key)) as client:
        campaigns = await client.list_campaigns()

Each class adds one group of operations to the one above it:

    BaseClient                 connection, retries and parsing; no operation
    └── LabelingClient         the 18 published operations, on any ARCNM server
        └── ReviewClient       review, actions on annotators, practice (our server only, like all below)
            └── GonogoClient   sign-in, claims, drawings, predictions, export
                └── LeadClient keys, runs, previews, progress, the audit log

    ResultsClient              a results API, Centaur's or ours; has a `BaseClient` as a member

`stream_progress` follows a campaign. Every method raises `GonogoClientError` and nothing else; `errors` draws the tree.

The names load when they are first used: the desk imports `client.errors` and `client.requests` on the start path, where
httpx and pydantic must not be loaded.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gonogo.client.base_client import BaseClient as BaseClient
    from gonogo.client.credential import ApiKey as ApiKey
    from gonogo.client.credential import SessionToken as SessionToken
    from gonogo.client.errors import GonogoClientError as GonogoClientError
    from gonogo.client.gonogo_client import GonogoClient as GonogoClient
    from gonogo.client.labeling_api import LabelingClient as LabelingClient
    from gonogo.client.lead_client import LeadClient as LeadClient
    from gonogo.client.progress_stream import stream_progress as stream_progress
    from gonogo.client.python_api import AsyncLabeling as AsyncLabeling
    from gonogo.client.python_api import Labeling as Labeling
    from gonogo.client.results_api import ResultsClient as ResultsClient
    from gonogo.client.review_client import ReviewClient as ReviewClient
    from gonogo.client.transport.http_transport import Timeouts as Timeouts
    from gonogo.client.transport.requests import PreparedRequest as PreparedRequest
    from gonogo.client.transport.retry import RetryPolicy as RetryPolicy

_MODULES: Final = {
    "ApiKey": "credential",
    "AsyncLabeling": "python_api",
    "BaseClient": "base_client",
    "GonogoClient": "gonogo_client",
    "GonogoClientError": "errors",
    "Labeling": "python_api",
    "LabelingClient": "labeling_api",
    "LeadClient": "lead_client",
    "PreparedRequest": "transport.requests",
    "ResultsClient": "results_api",
    "RetryPolicy": "transport.retry",
    "ReviewClient": "review_client",
    "SessionToken": "credential",
    "Timeouts": "transport.http_transport",
    "stream_progress": "progress_stream",
}

__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)

"""API client of a command: opens the client for the server of `--base-url`, or for the workspace on this machine."""

from __future__ import annotations

import contextlib
import functools
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from gonogo.cli.support.errors import run
from gonogo.cli.support.exit_codes import EXIT_NO_CREDENTIAL, echo_err, fail
from gonogo.cli.support.options import json_option, server_option
from gonogo.client.credential import ApiKey
from gonogo.client.errors import GonogoClientError, RateLimitedError
from gonogo.client.lead_client import LeadClient
from gonogo.client.transport.retry import RetryPolicy
from gonogo.client.transport.shared_transport import shared_transport
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.core.settings import load_profile
from gonogo.embedded.transport import embedded_parts
from gonogo.network import NetworkOptions

if TYPE_CHECKING:
    from gonogo.sheets.drawing_service import DrawingService

PAUSES = 30
"""Waits of a command for a server that asks it to go slower: a long import sends more than a minute's share."""


@contextlib.asynccontextmanager
async def open_client(base_url: str | None, *, clean: bool = True) -> AsyncIterator[LeadClient]:
    """Client of `base_url` with the key of the environment, or of the embedded workspace.

    `clean=False` leaves characters in texts that a terminal would act on, for data that goes into files.
    """
    async with _open(base_url, clean=clean) as (client, _transport, _network):
        yield client


@contextlib.asynccontextmanager
async def open_client_and_drawings(
    base_url: str | None, folder: Path | None
) -> AsyncIterator[tuple[LeadClient, DrawingService]]:
    """The same for data that goes into files, with the drawings of `folder` and of the server."""
    from gonogo.sheets import drawing_service, fetch  # the child process of drawings, which other commands do without

    async with _open(base_url, clean=False) as (client, transport, network):
        fetcher = fetch.DrawingFetcher(
            client.drawing_url,
            base_url=client.base_url,
            transport=None if transport is None else shared_transport(lambda: transport),
            errors=(GonogoClientError,),
            network=network,
        )
        with tempfile.TemporaryDirectory(prefix="gonogo-drawings-") as cache:
            folders = () if folder is None else (folder,)
            service = drawing_service.DrawingService(Path(cache), fetcher=fetcher, folders=folders)
            try:
                yield client, service
            finally:
                await service.aclose()


@contextlib.asynccontextmanager
async def _open(
    base_url: str | None, *, clean: bool
) -> AsyncIterator[tuple[LeadClient, httpx.AsyncBaseTransport | None, NetworkOptions]]:
    """The client, and how its server is reached beside it."""
    if base_url:
        key = os.environ.get("GONOGO_API_KEY") or os.environ.get("ARCNM_API_KEY")
        if not key:
            fail(
                f"no API key for {base_url}",
                "Put it into GONOGO_API_KEY (an admin makes one with `gonogo keys create`).",
                EXIT_NO_CREDENTIAL,
            )
        retry = RetryPolicy(pauses=PAUSES, on_wait=_announce_wait)
        network = load_profile(AppPaths()).server(base_url).network
        async with LeadClient(base_url, ApiKey(key), clean=clean, retry=retry, network=network) as client:
            yield client, None, network
        return
    parts = embedded_parts(AppPaths())
    async with LeadClient(parts.base_url, ApiKey(parts.token), transport=parts.transport, clean=clean) as client:
        yield client, parts.transport, NetworkOptions()


def _announce_wait(seconds: float, error: GonogoClientError) -> None:
    if isinstance(error, RateLimitedError):
        echo_err(f"The server asks to go slower; going on in {seconds:.0f} s.")


def api_command(work: Callable[..., Coroutine[object, None, None]]) -> Callable[..., None]:
    """Decorator of an async command: adds `--base-url` and `--json`, and hands in an open `LeadClient` first.

    It stands below the command's other options, so that these two are the last in help.
    """

    @functools.wraps(work)
    def command(base_url: str | None, **arguments: object) -> None:
        async def with_client() -> None:
            async with open_client(base_url) as client:
                await work(client, **arguments)

        run(with_client())

    return server_option(json_option(command))

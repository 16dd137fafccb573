"""Results client for commands: opens the results API of Centaur Labs, of a gonogo server, or of the workspace on this
machine."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import click

from gonogo.cli.support.exit_codes import EXIT_NO_CREDENTIAL, fail
from gonogo.cli.support.options import F
from gonogo.client.credential import ApiKey
from gonogo.client.results_api import ResultsClient
from gonogo.client.transport.retry import RetryPolicy
from gonogo.client.transport.shared_transport import UnclosableTransport
from gonogo.desk.account.identity import EmbeddedParts
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.results.results_login import CENTAUR, NoResultsLogin, Source, at_address
from gonogo.embedded.transport import embedded_parts

SOURCES = ("centaur", "gonogo")


def source_options(command: F) -> F:
    """`--source` and `--base-url`."""
    command = click.option(
        "--base-url",
        metavar="URL",
        help="The server; default: Centaur's own, or GONOGO_BASE_URL, or the workspace on this machine.",
    )(command)
    return click.option(
        "--source", type=click.Choice(SOURCES), default="gonogo", show_default=True, help="Whose API is read."
    )(command)


def results_address(source: str, base_url: str | None) -> str | None:
    """Address of the server; `None` is the workspace on this machine."""
    if source == "centaur":
        return (base_url or CENTAUR).rstrip("/")
    return (base_url or os.environ.get("GONOGO_BASE_URL") or "").rstrip("/") or None


def results_source(
    source: str,
    base_url: str | None,
    *,
    clean: bool = True,
    parts: EmbeddedParts | None = None,
    retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
) -> Source:
    """The results API to read from. The workspace on this machine needs no sign-in.

    Without `parts` each client has an embedded server of its own, which ends with it.
    """
    address = results_address(source, base_url)
    if address is not None:
        return at_address(source, address, clean=clean, retry=retry)

    async def connect() -> ResultsClient:
        own = parts or embedded_parts(AppPaths())
        transport: Any = UnclosableTransport(lambda: own.transport) if parts else own.transport
        return ResultsClient(own.base_url, ApiKey(own.token), None, transport=transport, clean=clean)

    return Source("this machine", connect)


@asynccontextmanager
async def open_results_client(source: str, base_url: str | None, *, clean: bool = True) -> AsyncIterator[ResultsClient]:
    """Client of the results API; ends the command when there are no credentials for it."""
    try:
        client = await results_source(source, base_url, clean=clean).connect()
    except NoResultsLogin as error:
        fail(str(error), error.next_step, EXIT_NO_CREDENTIAL)
    async with client:
        yield client

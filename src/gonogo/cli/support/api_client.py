"""API client of a command: opens the client for the server of `--base-url`, or for the workspace on this machine."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import AsyncIterator, Callable, Coroutine

from gonogo.cli.support.errors import run
from gonogo.cli.support.exit_codes import EXIT_NO_CREDENTIAL, echo_err, fail
from gonogo.cli.support.options import json_option, server_option
from gonogo.client.credential import ApiKey
from gonogo.client.errors import GonogoClientError, RateLimitedError
from gonogo.client.lead_client import LeadClient
from gonogo.client.retry import RetryPolicy
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.core.settings import load_profile
from gonogo.embedded.transport import embedded_parts

PAUSES = 30
"""Waits of a command for a server that asks it to go slower: a long import sends more than a minute's share."""


@contextlib.asynccontextmanager
async def open_client(base_url: str | None, *, clean: bool = True) -> AsyncIterator[LeadClient]:
    """Client of `base_url` with the key of the environment, or of the embedded workspace.

    `clean=False` leaves characters in texts that a terminal would act on, for data that goes into files.
    """
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
            yield client
        return
    parts = embedded_parts(AppPaths())
    async with LeadClient(parts.base_url, ApiKey(parts.token), transport=parts.transport, clean=clean) as client:
        yield client


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

"""Where results are read from: Centaur's API, a gonogo server's, or the workspace on this machine; and with what.

A server's API key, user name and API password are one secret in the keyring (`gonogo results login`), or three
variables of the environment.
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from gonogo.desk.account.credentials import CredentialStore
from gonogo.desk.core.errors import DeskError

if TYPE_CHECKING:
    from gonogo.client.results_api import ResultsClient
    from gonogo.desk.account.account import Account
    from gonogo.desk.account.identity import SignedIn

CENTAUR = "https://api.centaurlabs.com"
VARIABLES = {
    "centaur": ("CENTAUR_API_KEY", "CENTAUR_USERNAME", "CENTAUR_API_PASSWORD"),
    "gonogo": ("GONOGO_API_KEY", "GONOGO_RESULTS_USERNAME", "GONOGO_RESULTS_PASSWORD"),
}
FIELDS = ("key", "username", "api_password")


class NoResultsLogin(DeskError):
    """Nothing signs in to this results API here."""


class Source(NamedTuple):
    """One results API: how a person calls it, and a client of it; who connects closes.

    `signed` where it is the API of the server one is signed in to: there are the drawings and the review queue, too.
    """

    name: str
    connect: Callable[[], Awaitable[ResultsClient]]
    signed: SignedIn | None = None


def at_address(kind: str, address: str, *, clean: bool = True) -> Source:
    """The API of a server. `kind` is `centaur` or `gonogo`. `connect` raises `NoResultsLogin`."""

    async def connect() -> ResultsClient:
        given = from_environment(kind) or await from_keyring(address)
        if given is None:
            raise NoResultsLogin(
                f"There are no credentials for the results API of {address}.",
                f"`gonogo results login --source {kind}` keeps them; `gonogo results --help` names the variables for "
                "scripts.",
            )
        return with_login(address, given, clean=clean)

    return Source(address, connect)


def of_login(services: Account, signed: SignedIn) -> Source:
    """The API of the server somebody is signed in to; in the workspace on this machine that is enough."""
    if signed.kind != "embedded":
        return at_address("gonogo", signed.base_url)._replace(signed=signed)

    async def connect() -> ResultsClient:
        from gonogo.client.results_api import ResultsClient

        return ResultsClient.over(await services.client(signed))

    return Source("this machine", connect, signed)


def with_login(address: str, given: dict[str, str], *, clean: bool = True) -> ResultsClient:
    """A client that opens its session with what was `given` (see `FIELDS`)."""
    from gonogo.client.credential import ApiKey
    from gonogo.client.results_api import ResultsClient
    from gonogo.schemas.results_api import LoginRequest

    async def ask() -> LoginRequest:
        return LoginRequest(username=given["username"], api_password=given["api_password"])

    return ResultsClient(address, ApiKey(given["key"]), ask, clean=clean)


def account(address: str) -> str:
    """The name of the credentials in the keyring."""
    return f"results {address}"


def from_environment(kind: str) -> dict[str, str] | None:
    values = [os.environ.get(name) for name in VARIABLES[kind]]
    found = {field: value for field, value in zip(FIELDS, values, strict=True) if value}
    return found if len(found) == len(FIELDS) else None


async def from_keyring(address: str) -> dict[str, str] | None:
    kept = await CredentialStore().get(account(address))
    try:
        found: Any = json.loads(kept) if kept else None
    except ValueError:  # somebody else's, or of another release
        return None
    right = isinstance(found, dict) and all(isinstance(found.get(field), str) for field in FIELDS)
    return found if right else None

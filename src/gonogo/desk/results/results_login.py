"""Sign-in for a results API: opens Centaur Labs' API, a gonogo server's, or the workspace's, with the stored
credentials.

A server's API key, user name and API password are one secret in the keyring (`gonogo results login`), or three
variables of the environment.
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple

from gonogo.client.credential import ApiKey
from gonogo.client.transport.retry import ONCE, RetryPolicy
from gonogo.desk.account.credentials import credential_store
from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.core.settings import load_profile
from gonogo.json_types import JsonValue, as_object
from gonogo.network import NetworkOptions

if TYPE_CHECKING:
    from gonogo.client.results_api import ResultsClient
    from gonogo.desk.account.account_service import Account
    from gonogo.desk.account.identity import SignedIn

CENTAUR = "https://api.centaurlabs.com"
VARIABLES = {
    "centaur": ("CENTAUR_API_KEY", "CENTAUR_USERNAME", "CENTAUR_API_PASSWORD"),
    "gonogo": ("GONOGO_API_KEY", "GONOGO_RESULTS_USERNAME", "GONOGO_RESULTS_PASSWORD"),
}
FIELDS = ("key", "username", "api_password")


class NoResultsLogin(DeskError):
    """Error of a results API without credentials here."""


class Source(NamedTuple):
    """Results API: its name, and a function that returns a client of it, which the caller closes.

    `signed` is the login when it is the API of the server one is signed in to, which has drawings and a review queue.
    """

    name: str
    connect: Callable[[], Awaitable[ResultsClient]]
    signed: SignedIn | None = None


def at_address(kind: str, address: str, *, clean: bool = True, retry: RetryPolicy = RetryPolicy()) -> Source:  # noqa: B008 - frozen
    """Returns the API of a server. `kind` is `centaur` or `gonogo`. `connect` raises `NoResultsLogin`."""

    async def connect() -> ResultsClient:
        login = from_environment(kind) or await from_keyring(address)
        if login is None:
            raise NoResultsLogin(
                f"Sign in to results first: there are no credentials for the results API of {address}.",
                f"`gonogo results login --source {kind}` keeps them; `gonogo results --help` names the variables for "
                "scripts.",
            )
        return with_login(address, login, load_profile(AppPaths()).server(address).network, clean=clean, retry=retry)

    return Source(address, connect)


def of_login(services: Account, signed: SignedIn) -> Source:
    """Returns the API of the server one is signed in to, with the credential in hand.

    A login of its own, kept by `gonogo results login`, goes first. `connect` raises `NoResultsLogin` for a person who
    came by a link: results are for leads. A request is sent once; the screen has its own pauses, and says so.
    """
    if signed.kind != "embedded":
        return Source(signed.base_url, lambda: _by_credential(services, signed), signed)

    async def connect() -> ResultsClient:
        from gonogo.client import results_api  # deferred: httpx, pydantic

        return results_api.ResultsClient.over(await services.client(signed))

    return Source("this machine", connect, signed)


async def _by_credential(services: Account, signed: SignedIn) -> ResultsClient:
    from gonogo.client import results_api  # deferred: httpx, pydantic

    network = services.profile.server(signed.base_url).network
    login = from_environment("gonogo") or await from_keyring(signed.base_url)
    if login is not None:
        return with_login(signed.base_url, login, network, retry=ONCE)
    client = await services.client(signed)
    await client.aclose()
    if not isinstance(client.credential, ApiKey):
        raise NoResultsLogin("Results are read with an API key.", "Ask your lead for one, or sign in with yours.")
    return results_api.ResultsClient(signed.base_url, client.credential, None, by_key=True, network=network, retry=ONCE)


def with_login(
    address: str,
    login: dict[str, str],
    network: NetworkOptions,
    *,
    clean: bool = True,
    retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
) -> ResultsClient:
    """Returns a client that opens its session with `login` (see `FIELDS`)."""
    from gonogo.client.results_api import ResultsClient, password_login  # deferred: httpx, pydantic

    ask = password_login(login["username"], login["api_password"])
    return ResultsClient(address, ApiKey(login["key"]), ask, clean=clean, network=network, retry=retry)


def account(address: str) -> str:
    """Returns the name of the credentials in the keyring."""
    return f"results {address}"


def from_environment(kind: str) -> dict[str, str] | None:
    """Returns the login of the environment's variables, if all are set."""
    values = [os.environ.get(name) for name in VARIABLES[kind]]
    login = {field: value for field, value in zip(FIELDS, values, strict=True) if value}
    return login if len(login) == len(FIELDS) else None


async def from_keyring(address: str) -> dict[str, str] | None:
    """Returns the login in the keyring, if there is one."""
    secret = await credential_store(AppPaths()).get(account(address))
    try:
        login: JsonValue = json.loads(secret) if secret else None
    except ValueError:  # somebody else's, or of another release
        return None
    texts = {name: value for name, value in as_object(login).items() if isinstance(value, str)}
    return texts if texts.keys() >= set(FIELDS) else None

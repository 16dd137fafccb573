"""Client factory: makes API clients and drawing sources for a signed-in person, on a remote or the embedded server."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from gonogo.client.credential import ApiKey, Credential, SessionToken
from gonogo.client.errors import GonogoClientError
from gonogo.client.transport.shared_transport import shared_transport
from gonogo.desk.account.credentials import CredentialStore
from gonogo.desk.account.identity import EMBEDDED, EmbeddedParts, SignedIn
from gonogo.desk.account.lazy_imports import http_clients
from gonogo.desk.core.errors import DeskError, SignInError
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.core.settings import ServerProfile, Settings, environment
from gonogo.desk.session.known_drawings import KnownDrawings
from gonogo.desk.session.task_pictures import AskUrl, DrawingSource

if TYPE_CHECKING:
    import httpx

    from gonogo.client.gonogo_client import GonogoClient
    from gonogo.client.transport.retry import RetryPolicy


class ClientFactory:
    """Factory of clients; the embedded server is started at the first use.

    `transport` (for tests) is used for every server but the embedded one, at `embedded_url`.
    """

    def __init__(
        self,
        home: AppPaths,
        settings: Settings,
        credentials: CredentialStore,
        *,
        start_embedded: Callable[[], EmbeddedParts] | None,
        embedded_url: Callable[[], str | None],
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        self._home = home
        self._settings = settings
        self._credentials = credentials
        self._start_embedded = start_embedded
        self._embedded_url = embedded_url
        self._embedded: EmbeddedParts | None = None
        self._transport = transport
        self.last_errors: deque[GonogoClientError] = deque(maxlen=1)
        """The last error of any client, for its details."""

    @property
    def embedded_available(self) -> bool:
        return self._start_embedded is not None

    def embedded(self) -> EmbeddedParts:
        """Returns the server inside this program, started now if necessary. Raises `SignInError`."""
        if self._embedded is None:
            if self._start_embedded is None:
                raise SignInError("There is no workspace in this program.", "Sign in with a link or a key.")
            self._embedded = self._start_embedded()
        return self._embedded

    async def client(self, signed: SignedIn, retry: RetryPolicy | None = None) -> GonogoClient:
        """Returns a client under this login; the caller closes it. Raises `DeskError` without a credential."""
        return await self.client_at(signed.base_url, await self._credential(signed), retry)

    async def client_at(
        self, base_url: str, credential: Credential | None, retry: RetryPolicy | None = None
    ) -> GonogoClient:
        """Returns a client of the server at `base_url`. Without `retry` each call is one request."""
        client = (await http_clients()).client
        return client(
            base_url,
            credential,
            transport=self._transport_to(base_url),
            retry=retry,
            on_error=self.last_errors.append,
            network=self.server(base_url).network,
        )

    def server(self, base_url: str) -> ServerProfile:
        """Returns the settings of the server at `base_url`."""
        return self._settings.server(base_url)

    def drawings(self, signed: SignedIn, ask_url: AskUrl) -> DrawingSource:
        """Returns the drawing source of this person's server, cached on the disk."""
        # deferred: the first question needs no drawing service when its picture was saved by the last run
        from gonogo.sheets import drawing_service, fetch

        transport = self._transport_to(signed.base_url)
        fetcher = fetch.DrawingFetcher(
            ask_url,
            base_url=signed.base_url,
            transport=transport,
            errors=(GonogoClientError,),
            network=self.server(signed.base_url).network,
        )
        folders = self._settings.drawing_folders
        known = KnownDrawings(self._home.memory_file(), folders)
        return drawing_service.DrawingService(
            self._home.sheets_cache(), fetcher=fetcher, folders=folders, known=known.find
        )

    async def aclose(self) -> None:
        """Stops the embedded server, if it was started."""
        if self._embedded is not None:
            parts, self._embedded = self._embedded, None
            await parts.transport.aclose()

    async def _credential(self, signed: SignedIn) -> Credential:
        if signed.kind == EMBEDDED:
            return ApiKey(self.embedded().token)
        env = environment().api_key
        if signed.kind == "key" and env is not None:
            return ApiKey(env)
        secret = await self._credentials.get(signed.account)
        if secret is None:
            raise DeskError("Your sign-in is not in the keyring.", "Sign in again; unsent answers are kept.")
        return SessionToken(secret) if signed.kind == "session" else ApiKey(secret)

    def _transport_to(self, base_url: str) -> httpx.AsyncBaseTransport | None:
        embedded_url = self._embedded.base_url if self._embedded is not None else self._embedded_url()
        if self._start_embedded is not None and base_url == embedded_url:
            return shared_transport(lambda: self.embedded().transport)
        transport = self._transport
        return shared_transport(lambda: transport) if transport is not None else None

"""Who is signed in, where, and the desks that follow from it. What the command line and the screens start from.

Cheap to make and to ask (`remembered`): the network, its libraries and the keyring are touched only by the methods
that need them.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib
import secrets
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from gonogo.client.credential import ApiKey, Credential, SessionToken
from gonogo.client.errors import GonogoClientError, NetworkError, NotFoundError, UnexpectedAnswerError
from gonogo.client.magic_link import magic_token
from gonogo.desk.account.credentials import CredentialStore
from gonogo.desk.annotate.session import AnnotateSession
from gonogo.desk.connection.protocol import TaskServer
from gonogo.desk.core.clock import Clock, within
from gonogo.desk.core.errors import DeskError, SignInError
from gonogo.desk.core.models import SendState
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.core.settings import Settings, environment
from gonogo.desk.core.state_db import StateStore
from gonogo.desk.outbox.outbox import Address, OutboxRow
from gonogo.desk.session.dependencies import SessionDependencies
from gonogo.desk.session.pictures import AskUrl, DrawingSource

if TYPE_CHECKING:
    from gonogo.client.gonogo_api import GonogoClient
    from gonogo.client.retry import RetryPolicy
    from gonogo.desk.outbox.flush import FlushReport
    from gonogo.desk.review.session import ReviewSession

IDENTITY = "signed in"
SIGN_OUT_SECONDS = 2.0
EMBEDDED = "embedded"
THIS_RUN = "this run only"


class EmbeddedParts(NamedTuple):
    """The server inside this program: an `httpx.AsyncBaseTransport` into it, and this run's key of its local lead."""

    transport: Any
    token: str
    base_url: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One login. `kind` is `session`, `key` or `embedded`; `storage` `keyring`, `this run only` or `embedded`.

    `campaign_id` is the campaign to open: the invitation's, or the last one worked in. `annotator` tells logins apart
    in the outbox. `note` says in words why the credential is not in the keyring.
    """

    base_url: str
    kind: str
    role: str
    name: str
    campaign_id: str | None
    storage: str
    annotator: str = ""
    note: str = ""

    @property
    def account(self) -> str:
        """The name of the credential in the keyring."""
        return f"{self.kind} {self.annotator} at {self.base_url}"


@dataclass(frozen=True, slots=True)
class CampaignChoice:
    """A campaign this login may work in."""

    id: str
    name: str
    status: str | None = None
    task_count: int | None = None
    resolved_count: int | None = None


class UnclosableTransport:
    """A transport whose user may close it without closing it for the others; it is asked for at the first request."""

    def __init__(self, get: Callable[[], Any]) -> None:
        self._get = get

    async def handle_async_request(self, request: Any) -> Any:
        return await self._get().handle_async_request(request)

    async def aclose(self) -> None:
        """Nothing: it belongs to `Account`."""

    async def __aenter__(self) -> UnclosableTransport:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class Account:
    """One person's logins and desks. `transport` (for tests) is used for every server but the embedded one."""

    def __init__(
        self,
        home: AppPaths,
        profile: Settings,
        *,
        embedded: Callable[[], EmbeddedParts] | None = None,
        vault: CredentialStore | None = None,
        transport: Any = None,
        clock: Clock | None = None,
    ) -> None:
        self.home = home
        self.profile = profile
        self._make_embedded = embedded
        self._parts: EmbeddedParts | None = None
        self._vault = vault or CredentialStore()
        self._transport = transport
        self._clock = clock or Clock()
        self._memory = StateStore(home.memory_file())
        self._this_run: set[str] = set()
        self._nonces: dict[str, str] = {}

    @property
    def embedded_available(self) -> bool:
        return self._make_embedded is not None

    # --- who -------------------------------------------------------------------------------------------

    def remembered(self) -> SignedIn | None:
        """The login to go on with: of the environment, else of the last run. Touches neither network nor keyring."""
        env = environment()
        if env.api_key is not None:
            return self._of_environment(env.api_key, env.base_url)
        signed = self._stored(IDENTITY)
        if signed is None or (env.base_url and signed.base_url != env.base_url):
            return None
        if signed.kind == EMBEDDED:
            return signed if self.embedded_available else None
        if signed.storage == THIS_RUN and signed.account not in self._this_run:
            return None
        return signed

    async def sign_in_link(self, text: str, base_url: str | None = None) -> SignedIn:
        """Redeem an invitation. Raises `GonogoClientError`, or `SignInError` when no server is named."""
        token, origin = magic_token(text)
        given = (base_url or "").strip().rstrip("/") or None
        usual = self.profile.base_url
        order = [given, origin] if given and given != usual else [origin, given, usual]
        servers = list(dict.fromkeys(one for one in order if one))
        if not servers:
            raise SignInError("This is a token without an address.", "Type the address of the server it is for.")
        for server in servers[:-1]:
            try:
                return await self._redeem(token, server)
            except (NetworkError, NotFoundError, UnexpectedAnswerError):
                continue  # a link may lead to a page beside the server; the named server comes next
        return await self._redeem(token, servers[-1])

    async def sign_in_key(self, key: str, base_url: str) -> SignedIn:
        """Sign in with an API key, after asking the server whether it knows it. Raises `GonogoClientError`."""
        credential = ApiKey(key)
        signed = await self._who(credential, base_url.strip().rstrip("/"), "key")
        self._memory.put(f"key {_fingerprint(key)}", {"annotator": signed.annotator})
        return await self._keep(signed, credential)

    async def sign_in_embedded(self) -> SignedIn:
        """Work in the workspace on this machine. Raises `GonogoClientError`, `SignInError` when there is none."""
        parts = self._embedded()
        signed = replace(await self._who(ApiKey(parts.token), parts.base_url, EMBEDDED), storage=EMBEDDED)
        self._memory.put(IDENTITY, asdict(signed))
        return signed

    async def sign_out(self) -> None:
        """Forget the credential here and end the session there; drop the drawings. Answers not yet sent stay."""
        signed = self._stored(IDENTITY)
        self._memory.drop(IDENTITY)
        with contextlib.suppress(OSError):
            self.home.first_frame_file().unlink(missing_ok=True)
        await asyncio.to_thread(shutil.rmtree, self.home.sheets_cache(), True)
        if signed is None or signed.kind == EMBEDDED:
            return
        if signed.kind == "session":
            await within(SIGN_OUT_SECONDS, self._clock, lambda: self._end_session(signed))
        await self._vault.drop(signed.account)
        self._this_run.discard(signed.account)

    async def aclose(self) -> None:
        """Close the files and the embedded server."""
        self._memory.close()
        if self._parts is not None:
            parts, self._parts = self._parts, None
            await parts.transport.aclose()

    # --- work ------------------------------------------------------------------------------------------

    async def campaigns(self, signed: SignedIn) -> list[CampaignChoice]:
        """The campaigns this login may work in, newest first. Raises `GonogoClientError`, `DeskError`."""
        client = await self._client(signed)
        try:
            try:
                found = (await client.me()).campaigns
            except (NotFoundError, UnexpectedAnswerError):
                if signed.kind == "session":
                    found = [await client.get_campaign(signed.campaign_id)] if signed.campaign_id else []
                else:
                    found = (await client.list_campaigns(limit=100)).data
        finally:
            await client.aclose()
        return [
            CampaignChoice(one.id, one.name or one.id, one.status, one.task_count, one.resolved_count) for one in found
        ]

    def open_desk(self, signed: SignedIn, campaign_id: str) -> AnnotateSession:
        """A desk in one campaign; nothing is read or sent before its `start`."""
        return AnnotateSession(
            self._setup(signed, campaign_id, "gonogo.desk.connection.server_adapter", "HttpTaskServer")
        )

    def open_review(self, signed: SignedIn, campaign_id: str) -> ReviewSession:
        """A reviewer's desk in one campaign; nothing is read or sent before its `start`."""
        from gonogo.desk.review.session import ReviewSession

        return ReviewSession(self._setup(signed, campaign_id, "gonogo.desk.review.server_adapter", "ReviewServer"))

    def visiting(self, signed: SignedIn, campaign_id: str) -> SessionDependencies:
        """What a `CampaignBrowser` or a `PracticeSession` is made of."""
        return self._setup(signed, campaign_id, "gonogo.desk.connection.server_adapter", "HttpTaskServer")

    async def client(self, signed: SignedIn) -> GonogoClient:
        """Returns a client under this login, for a lead's screens; the caller closes it. Raises `DeskError`."""
        from gonogo.client.retry import RetryPolicy  # deferred: not on the start path

        policy = RetryPolicy(tries=1, clock=self._clock.monotonic, sleep=self._clock.sleep)  # the pause after a 429
        return await self._make(signed.base_url, await self._credential(signed), policy)

    def _setup(self, signed: SignedIn, campaign_id: str, module: str, remote: str) -> SessionDependencies:
        if signed.campaign_id != campaign_id and self._stored(IDENTITY) == signed:
            self._memory.put(IDENTITY, asdict(replace(signed, campaign_id=campaign_id)))
        own = Address(signed.base_url, signed.annotator, campaign_id)
        return SessionDependencies(
            address=own,
            sends=_sends(signed, campaign_id),
            connect=lambda: self._remote(signed, module, remote),
            drawings=lambda ask: self._drawings(signed, ask),
            outbox_file=self.home.outbox_file(),
            memory=self._memory,
            profile=self.profile,
            embedded=signed.kind == EMBEDDED,
            clock=self._clock,
        )

    async def send_now(self, signed: SignedIn, told: Callable[[OutboxRow, SendState, str], None]) -> FlushReport:
        """Send what waits for this login, with no desk open. Raises `DeskError`; see `drain`."""
        from gonogo.desk.outbox.flush import flush

        remote = await self._remote(signed, "gonogo.desk.connection.server_adapter", "HttpTaskServer")
        try:
            address = _sends(signed, signed.campaign_id)
            return await flush(self.home.outbox_file(), address, remote, self._clock, told)
        finally:
            await remote.aclose()

    # --- parts -----------------------------------------------------------------------------------------

    def _of_environment(self, key: str, base_url: str | None) -> SignedIn | None:
        base = base_url or self.profile.base_url
        if base is None:
            return None
        known = self._memory.get(f"key {_fingerprint(key)}") or {}
        annotator = str(known.get("annotator") or f"key:{_fingerprint(key)}")
        last = self._stored(IDENTITY)
        campaign = last.campaign_id if last and (last.base_url, last.annotator) == (base, annotator) else None
        return SignedIn(base, "key", "", "key of the environment", campaign, THIS_RUN, annotator)

    def _stored(self, key: str) -> SignedIn | None:
        data = self._memory.get(key)
        try:
            return SignedIn(**data) if data else None
        except TypeError:
            return None  # written by another version

    async def _redeem(self, token: str, base_url: str) -> SignedIn:
        module = await asyncio.to_thread(importlib.import_module, "gonogo.schemas.gonogo_api")
        nonce = self._nonces.setdefault(_fingerprint(token), secrets.token_urlsafe(24))
        client = await self._make(base_url, None)
        try:
            made = await client.redeem(module.SessionCreate(magic_link_token=token, client_nonce=nonce))
        finally:
            await client.aclose()
        who = made.annotator
        name = who.display_name or who.email or ""
        signed = SignedIn(base_url, "session", made.role or "annotator", name, made.campaign_id, THIS_RUN, who.id)
        return await self._keep(signed, SessionToken(made.session_token))

    async def _who(self, credential: ApiKey, base_url: str, kind: str) -> SignedIn:
        client = await self._make(base_url, credential)
        try:
            if await client.capabilities() is None:
                await client.list_campaigns(limit=1)
                return SignedIn(base_url, kind, "", "", None, THIS_RUN, f"key:{_fingerprint(credential.secret)}")
            me = await client.me()
        finally:
            await client.aclose()
        last = self._stored(IDENTITY)
        campaign = last.campaign_id if last and (last.base_url, last.annotator) == (base_url, me.id) else None
        return SignedIn(base_url, kind, me.role, me.name or me.email or "", campaign, THIS_RUN, me.id)

    async def _keep(self, signed: SignedIn, credential: Credential) -> SignedIn:
        """Store the credential, and who it is for."""
        stored = await self._vault.put(signed.account, credential.secret)
        signed = replace(signed, storage=stored.where.value, note=stored.note)
        self._this_run.add(signed.account)
        self._memory.put(IDENTITY, asdict(signed))
        return signed

    async def _remote(self, signed: SignedIn, module: str, name: str) -> TaskServer:
        loaded = await asyncio.to_thread(importlib.import_module, module)
        remote: TaskServer = getattr(loaded, name)(await self._client(signed))
        return remote

    async def _client(self, signed: SignedIn) -> GonogoClient:
        return await self._make(signed.base_url, await self._credential(signed))

    async def _credential(self, signed: SignedIn) -> Credential:
        if signed.kind == EMBEDDED:
            return ApiKey(self._embedded().token)
        env = environment().api_key
        if signed.kind == "key" and env is not None:
            return ApiKey(env)
        secret = await self._vault.get(signed.account)
        if secret is None:
            raise DeskError("Your credential is not in the keyring (any more).", "Sign in again; nothing is lost.")
        return SessionToken(secret) if signed.kind == "session" else ApiKey(secret)

    async def _make(
        self, base_url: str, credential: Credential | None, retry: RetryPolicy | None = None
    ) -> GonogoClient:
        extensions = await asyncio.to_thread(importlib.import_module, "gonogo.client.gonogo_api")
        server = self.profile.server(base_url)
        client: GonogoClient = extensions.GonogoClient(
            base_url,
            credential,
            transport=self._transport_to(base_url),
            retry=retry,
            redeem_path=server.redeem_path,
            redeem_field=server.redeem_field,
        )
        return client

    def _transport_to(self, base_url: str) -> Any:
        if self._make_embedded is not None and base_url == self._embedded_url():
            return UnclosableTransport(lambda: self._embedded().transport)
        return UnclosableTransport(lambda: self._transport) if self._transport is not None else None

    def _embedded_url(self) -> str | None:
        stored = self._stored(IDENTITY)
        if self._parts is not None:
            return self._parts.base_url
        return stored.base_url if stored is not None and stored.kind == EMBEDDED else None

    def _embedded(self) -> EmbeddedParts:
        if self._parts is None:
            if self._make_embedded is None:
                raise SignInError("There is no workspace in this program.", "Sign in with a link or a key.")
            self._parts = self._make_embedded()
        return self._parts

    def _drawings(self, signed: SignedIn, ask: AskUrl) -> DrawingSource:
        from gonogo.sheets.drawing_service import DrawingService
        from gonogo.sheets.fetch import DrawingFetcher

        transport = self._transport_to(signed.base_url)
        fetcher = DrawingFetcher(ask, base_url=signed.base_url, transport=transport, errors=(GonogoClientError,))
        return DrawingService(self.home.sheets_cache(), fetcher=fetcher, folders=self.profile.drawing_folders)

    async def _end_session(self, signed: SignedIn) -> None:
        client = await self._client(signed)
        try:
            await client.end_session()
        finally:
            await client.aclose()


def _sends(signed: SignedIn, campaign_id: str | None) -> Address:
    """Which answers this login may send: a session is for one campaign, a key for all of its owner's."""
    return Address(signed.base_url, signed.annotator, campaign_id if signed.kind == "session" else None)


def _fingerprint(secret: str) -> str:
    """Tells secrets apart without giving them away (they have 128 random bits and more)."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]

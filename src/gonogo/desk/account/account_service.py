"""Account service: signs one person in and out on this machine, lists their campaigns, and opens their annotating and
review sessions.

Cheap to make and to ask (`remembered`): the network, its libraries and the keyring are touched only by the methods
that need them.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gonogo.client.credential import ApiKey, Credential, SessionToken
from gonogo.client.errors import (
    AuthenticationError,
    GonogoClientError,
    NetworkError,
    NotFoundError,
    PermissionDeniedError,
    UnexpectedAnswerError,
)
from gonogo.client.magic_link_parser import magic_token
from gonogo.client.page_reader import read_all, read_what_there_is
from gonogo.client.transport.retry import RetryPolicy
from gonogo.desk.account.client_factory import ClientFactory
from gonogo.desk.account.credentials import CredentialStore, StorageKind, credential_store
from gonogo.desk.account.identity import (
    EMBEDDED,
    THIS_RUN,
    CampaignChoice,
    EmbeddedParts,
    SignedIn,
    fingerprint,
)
from gonogo.desk.account.lazy_imports import http_clients
from gonogo.desk.account.logins import Logins
from gonogo.desk.annotate.session import AnnotateSession
from gonogo.desk.connection.server_protocol import TaskServer
from gonogo.desk.core.clock import Clock, within
from gonogo.desk.core.errors import SignInError
from gonogo.desk.core.imported_drawings import drawing_of
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.core.settings import Settings, environment
from gonogo.desk.core.state_store import StateStore
from gonogo.desk.outbox.flush import flush
from gonogo.desk.outbox.rows import Address
from gonogo.desk.practice.tour import Lesson, TourServer, take_lessons
from gonogo.desk.session.dependencies import SessionDependencies

if TYPE_CHECKING:
    import httpx

    from gonogo.client.gonogo_client import GonogoClient
    from gonogo.desk.outbox.flush import FlushReport
    from gonogo.desk.outbox.sender import OnState
    from gonogo.desk.review.session import ReviewSession

MakeDemo = Callable[[Callable[[str], None]], Coroutine[None, None, str]]
"""Makes the demo campaign, and returns its id; it is given a function that shows progress."""
SIGN_OUT_SECONDS = 2.0
"""Longest time that signing out waits for the server."""


class Account:
    """Account service of one person. `transport` (for tests) is used for every server but the embedded one."""

    def __init__(
        self,
        home: AppPaths,
        profile: Settings,
        *,
        embedded: Callable[[], EmbeddedParts] | None = None,
        make_demo: MakeDemo | None = None,
        vault: CredentialStore | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.home = home
        self.profile = profile
        self._credentials = vault or credential_store(home)
        self._clock = clock or Clock()
        self._memory = StateStore(home.memory_file())
        self._logins = Logins(self._memory)
        self._clients = ClientFactory(
            home,
            profile,
            self._credentials,
            start_embedded=embedded,
            embedded_url=self._embedded_url,
            transport=transport,
        )
        self._make_demo = make_demo
        self._this_run: set[str] = set()
        self._tour_folder: tempfile.TemporaryDirectory[str] | None = None
        self._nonces: dict[str, str] = {}

    @property
    def embedded_available(self) -> bool:
        return self._clients.embedded_available

    @property
    def last_error(self) -> GonogoClientError | None:
        """The last error of a call to any server."""
        return next(iter(self._clients.last_errors), None)

    @property
    def demo_available(self) -> bool:
        return self._make_demo is not None

    @property
    def has_workspace(self) -> bool:
        """Whether something was imported or tried on this computer."""
        return self.embedded_available and self.home.workspace_file().exists()

    @property
    def has_login(self) -> bool:
        """Whether somebody signed in on this computer before, even if the credential is gone."""
        return self._logins.current() is not None

    # --- login ----------------------------------------------------------------------------------------

    def remembered(self) -> SignedIn | None:
        """Returns the login to resume: of the environment, else of the last run. Needs no network and no keyring."""
        env = environment()
        if env.api_key is not None:
            return self._from_environment(env.api_key, env.base_url)
        signed = self._logins.current()
        if signed is None or (env.base_url and signed.base_url != env.base_url):
            return None
        return signed if self._resumable(signed) else None

    def other_logins(self) -> list[SignedIn]:
        """Returns the logins that can be switched to without signing in; none while the environment names a key."""
        if environment().api_key is not None:
            return []
        current = self._logins.current()
        others = [each for each in self._logins.known() if current is None or each.account != current.account]
        return [each for each in others if self._resumable(each)]

    def switch_login(self, signed: SignedIn) -> None:
        """Makes another known login the current one; the one before stays known."""
        self._logins.put(signed)

    def _resumable(self, signed: SignedIn) -> bool:
        if signed.kind == EMBEDDED:
            return self.embedded_available
        return signed.storage != THIS_RUN or signed.account in self._this_run

    async def sign_in_link(self, text: str, base_url: str | None = None) -> SignedIn:
        """Redeems an invitation. Raises `GonogoClientError`, or `SignInError` when no server is named."""
        token, origin = magic_token(text)
        named = (base_url or "").strip().rstrip("/") or None
        usual = self.profile.base_url
        order = [named, origin] if named and named != usual else [origin, named, usual]
        servers = list(dict.fromkeys(url for url in order if url))
        if not servers:
            raise SignInError("Which server is this token for?", "Type the address of the server it is for.")
        for server in servers[:-1]:
            try:
                return await self._redeem(token, server)
            except (NetworkError, NotFoundError, UnexpectedAnswerError):
                continue  # a link may lead to a page beside the server; the named server comes next
        return await self._redeem(token, servers[-1])

    async def sign_in_key(self, key: str, base_url: str) -> SignedIn:
        """Signs in with an API key, after the server has confirmed it. Raises `GonogoClientError`."""
        credential = ApiKey(key)
        signed = await self._identify(credential, base_url.strip().rstrip("/"), "key")
        self._memory.put(f"key {fingerprint(key)}", {"annotator": signed.annotator})
        return await self._store(signed, credential)

    async def sign_in_embedded(self) -> SignedIn:
        """Signs in to the workspace on this machine. Raises `GonogoClientError`, `SignInError` when there is none."""
        parts = self._clients.embedded()
        signed = replace(await self._identify(ApiKey(parts.token), parts.base_url, EMBEDDED), storage=EMBEDDED)
        self._logins.put(signed)
        return signed

    async def sign_in_demo(self, report: Callable[[str], None]) -> SignedIn:
        """Makes the demo campaign if it is missing, and signs in to it. Raises as `sign_in_embedded`.

        `report` gets a sentence for each step, in another thread: drawing the parts takes seconds.
        """
        if self._make_demo is None:
            raise SignInError("There is no demo in this program.", "Sign in with a link or a key.")
        make = self._make_demo
        campaign_id = await asyncio.to_thread(lambda: asyncio.run(make(report)))
        signed = replace(await self.sign_in_embedded(), campaign_id=campaign_id)
        self._logins.put(signed)
        return signed

    async def keep_in_file(self, signed: SignedIn) -> SignedIn:
        """Keeps this run's credential in a file for the next starts; call it after the person has agreed.

        Returns the login as it is kept now: unchanged if the file can't be written.
        """
        if not await self._credentials.put_in_file(signed.account):
            return signed
        kept = replace(signed, storage=StorageKind.FILE.value, note="")
        self._logins.put(kept)
        return kept

    async def sign_out(self) -> None:
        """Forgets the credential here, ends the session on the server, deletes cached drawings. Unsent answers stay."""
        signed = self._logins.forget()
        with contextlib.suppress(OSError):
            self.home.first_frame_file().unlink(missing_ok=True)
        await asyncio.to_thread(shutil.rmtree, self.home.sheets_cache(), True)
        if signed is None or signed.kind == EMBEDDED:
            return
        if signed.kind == "session":
            await within(SIGN_OUT_SECONDS, self._clock, lambda: self._end_session(signed))
        await self._credentials.drop(signed.account)
        self._this_run.discard(signed.account)

    async def aclose(self) -> None:
        """Closes the files and the embedded server."""
        self._memory.close()
        await self._clients.aclose()
        if self._tour_folder is not None:
            self._tour_folder.cleanup()

    # --- sessions ----------------------------------------------------------------------------------------

    async def campaigns(self, signed: SignedIn) -> list[CampaignChoice]:
        """Returns the campaigns this login may work in, newest first. Raises `GonogoClientError`, `DeskError`."""
        client = await self._clients.client(signed)
        try:
            try:
                me = await client.me()
                campaigns = me.campaigns
                if signed.kind != "session" and (me.n_campaigns or 0) > len(campaigns):  # `me` has the newest alone
                    campaigns = await read_all(lambda limit, cursor: client.list_campaigns(limit=limit, cursor=cursor))
            except (NotFoundError, PermissionDeniedError, UnexpectedAnswerError):
                if signed.kind == "session" and signed.campaign_id:
                    campaigns = [await client.get_campaign(signed.campaign_id)]
                else:
                    campaigns, _ = await read_what_there_is(
                        lambda limit, cursor: client.list_campaigns(limit=limit, cursor=cursor)
                    )
        finally:
            await client.aclose()
        return [
            CampaignChoice(row.id, row.name or row.id, row.status, row.task_count, row.resolved_count)
            for row in campaigns
        ]

    def open_desk(self, signed: SignedIn, campaign_id: str) -> AnnotateSession:
        """Returns an annotate session in one campaign; nothing is read or sent before its `start`."""
        return AnnotateSession(self.visiting(signed, campaign_id))

    def tour_lessons(self, campaign_id: str) -> list[Lesson]:
        """Returns the lessons that the demo has left for a campaign; they are given once."""
        return take_lessons(self.home, campaign_id)

    def open_tour(self, signed: SignedIn, campaign_id: str, lessons: Sequence[Lesson]) -> AnnotateSession:
        """Returns a session over `lessons`, whose answers go nowhere and whose outbox ends with this run."""
        self._tour_folder = self._tour_folder or tempfile.TemporaryDirectory(prefix="gonogo-tour-")
        address = Address(signed.base_url, signed.annotator, "tour")

        async def connect() -> TaskServer:
            return TourServer(lessons, lambda: self._task_server(signed))

        usual = self._dependencies(signed, campaign_id, connect)
        outbox_file = Path(self._tour_folder.name) / "outbox.sqlite"
        return AnnotateSession(replace(usual, address=address, sends=address, outbox_file=outbox_file, embedded=False))

    def open_review(self, signed: SignedIn, campaign_id: str) -> ReviewSession:
        """Returns a review session in one campaign; nothing is read or sent before its `start`."""
        from gonogo.desk.review.session import ReviewSession  # deferred: imports pydantic

        async def connect() -> TaskServer:
            client = await self._clients.client(signed)
            return (await http_clients()).review_server(client, self.part_of, self.profile.verdicts)

        return ReviewSession(self._dependencies(signed, campaign_id, connect))

    def part_of(self, revision: str) -> str:
        """Returns the name of the part that an import of this machine gave to a part revision; empty without one."""
        drawing = drawing_of(self._memory, revision)
        return drawing.part if drawing is not None else ""

    def visiting(self, signed: SignedIn, campaign_id: str) -> SessionDependencies:
        """Returns the dependencies of a `CampaignAccess` or a `PracticeSession`."""
        return self._dependencies(signed, campaign_id, lambda: self._task_server(signed))

    async def client(self, signed: SignedIn) -> GonogoClient:
        """Returns a client under this login, for a lead's screens; the caller closes it. Raises `DeskError`."""
        policy = RetryPolicy(tries=1, clock=self._clock.monotonic, sleep=self._clock.sleep)  # the pause after a 429
        return await self._clients.client(signed, policy)

    async def send_now(self, signed: SignedIn, on_settled: OnState) -> FlushReport:
        """Sends what waits for this login, with no session open. Raises `DeskError`; see `flush`."""
        server = await self._task_server(signed)
        try:
            address = _sendable(signed, signed.campaign_id)
            return await flush(self.home.outbox_file(), address, server, self._clock, on_settled)
        finally:
            await server.aclose()

    def _dependencies(
        self, signed: SignedIn, campaign_id: str, connect: Callable[[], Awaitable[TaskServer]]
    ) -> SessionDependencies:
        self._logins.remember_campaign(signed, campaign_id)
        return SessionDependencies(
            address=Address(signed.base_url, signed.annotator, campaign_id),
            sends=_sendable(signed, campaign_id),
            connect=connect,
            drawings=lambda ask_url: self._clients.drawings(signed, ask_url),
            outbox_file=self.home.outbox_file(),
            memory=self._memory,
            profile=self.profile,
            embedded=signed.kind == EMBEDDED,
            clock=self._clock,
        )

    async def _task_server(self, signed: SignedIn) -> TaskServer:
        return (await http_clients()).task_server(await self._clients.client(signed))

    # --- identity --------------------------------------------------------------------------------------

    def _from_environment(self, key: str, base_url: str | None) -> SignedIn | None:
        base = base_url or self.profile.base_url
        if base is None:
            return None
        known = self._memory.get(f"key {fingerprint(key)}") or {}
        annotator = str(known.get("annotator") or f"key:{fingerprint(key)}")
        campaign_id = self._logins.last_campaign(base, annotator)
        return SignedIn(base, "key", "", "key of the environment", campaign_id, THIS_RUN, annotator)

    def _embedded_url(self) -> str | None:
        stored = self._logins.current()
        return stored.base_url if stored is not None and stored.kind == EMBEDDED else None

    async def _redeem(self, token: str, base_url: str) -> SignedIn:
        nonce = self._nonces.setdefault(fingerprint(token), secrets.token_urlsafe(24))
        client = await self._clients.client_at(base_url, None)
        from gonogo.schemas.gonogo_api import SessionCreate  # deferred: pydantic, imported with the client in a thread

        try:
            server = self._clients.server(base_url)
            request = SessionCreate(magic_link_token=token, client_nonce=nonce)
            session = await client.redeem(request, path=server.redeem_path, field=server.redeem_field)
        except AuthenticationError as error:
            raise SignInError("This link was used or has expired.", "Ask your lead for a new one.") from error
        finally:
            await client.aclose()
        person = session.annotator
        name = (person.display_name or person.email or "") if person is not None else ""
        person_id = person.id if person is not None else f"link:{fingerprint(session.session_token)}"
        role = session.role or "annotator"
        signed = SignedIn(base_url, "session", role, name, session.campaign_id, THIS_RUN, person_id)
        return await self._store(signed, SessionToken(session.session_token))

    async def _identify(self, credential: ApiKey, base_url: str, kind: str) -> SignedIn:
        client = await self._clients.client_at(base_url, credential)
        try:
            if await client.capabilities() is None:
                await client.list_campaigns(limit=1)
                return SignedIn(base_url, kind, "", "", None, THIS_RUN, f"key:{fingerprint(credential.secret)}")
            me = await client.me()
        finally:
            await client.aclose()
        campaign_id = self._logins.last_campaign(base_url, me.id)
        return SignedIn(base_url, kind, me.role, me.name or me.email or "", campaign_id, THIS_RUN, me.id)

    async def _store(self, signed: SignedIn, credential: Credential) -> SignedIn:
        """Stores credential and identity."""
        stored = await self._credentials.put(signed.account, credential.secret)
        signed = replace(signed, storage=stored.where.value, note=stored.note)
        self._this_run.add(signed.account)
        self._logins.put(signed)
        return signed

    async def _end_session(self, signed: SignedIn) -> None:
        client = await self._clients.client(signed)
        try:
            await client.end_session()
        finally:
            await client.aclose()


def _sendable(signed: SignedIn, campaign_id: str | None) -> Address:
    """Returns the address whose answers this login may send: a session is for one campaign, a key for all."""
    return Address(signed.base_url, signed.annotator, campaign_id if signed.kind == "session" else None)

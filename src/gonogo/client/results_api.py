"""Results client: reads tasks and cases of the results API as Centaur Labs publishes it, theirs or a gonogo server's.

    async with ResultsClient(CENTAUR, ApiKey(key), login) as client:
        async for case in client.cases(1234, labeling_state="Labeled"): ...

Every call carries the API key and a session's token. The client opens a session at the first call, and again when the
server says that it has expired; then it requests the same page again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, TypeVar

import httpx
from pydantic import BaseModel

from gonogo.client.base_client import BaseClient, Query
from gonogo.client.credential import ApiKey, Secret
from gonogo.client.errors import (
    AuthenticationError,
    InvalidInputError,
    InvalidRequestError,
    NotFoundError,
    UnexpectedAnswerError,
)
from gonogo.client.transport.http_transport import RequestOptions
from gonogo.client.transport.requests import as_bytes
from gonogo.client.transport.response_parsing import parse
from gonogo.client.transport.retry import RetryPolicy
from gonogo.network import NetworkOptions
from gonogo.schemas.results_api import STATES, CaseResult, Login, LoginRequest, Message, ResultPage, Token

CENTAUR: Final = "https://api.centaurlabs.com"
AUTH: Final = "/auth/public/v1"
RESULTS: Final = "/results/public/v1"
M = TypeVar("M", bound=BaseModel)

GetLogin = Callable[[], Awaitable[LoginRequest]]
"""Gives user name and API password when a session has to be opened: from a keyring, or by asking."""


class KeyAndToken(ApiKey):
    """Credential with an API key, and a session's token while there is one. Both are sent."""

    __slots__ = ("_sent",)

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self._sent = super().headers()

    def headers(self) -> dict[str, str]:
        """Returns the same object each time, so that the transport sees a new token at once."""
        return self._sent

    @property
    def has_token(self) -> bool:
        return "Authorization" in self._sent

    def use(self, token: Secret | None) -> None:
        self._sent.pop("Authorization", None)
        if token is not None:
            self._sent["Authorization"] = f"Bearer {token.secret}"


def password_login(username: str, api_password: str) -> GetLogin:
    """Returns the login of a known user, for each time that the session is to be opened."""

    async def login() -> LoginRequest:
        return LoginRequest(username=username, api_password=api_password)

    return login


@dataclass(frozen=True, slots=True)
class CaseFilters:
    """Filters of cases, sent with every page. `updated_after` is a time in the server's format."""

    labeling_state: str | None = None
    updated_after: str | None = None
    limit: int | None = None
    verbose: bool | None = None

    def query(self) -> dict[str, str | int | None]:
        if self.labeling_state is not None and self.labeling_state not in STATES:
            raise InvalidInputError(
                f"There is no labeling state {self.labeling_state!r}.", next_step=f"Known: {', '.join(STATES)}."
            )
        verbose = None if self.verbose is None else str(self.verbose).lower()
        return {
            "labeling_state": self.labeling_state,
            "updated_after": self.updated_after,
            "limit": self.limit,
            "verbose": verbose,
        }


class ResultsClient:
    """Client of one results API, an async context manager. `login` may be `None` where the key alone is enough."""

    def __init__(
        self,
        base_url: str,
        key: ApiKey,
        login: GetLogin | None,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
        clean: bool = True,
        calls: BaseClient | None = None,
        by_key: bool = False,
        network: NetworkOptions = NetworkOptions(),  # noqa: B008 - frozen
    ) -> None:
        """Nothing is sent yet. `by_key`: the session is opened with the key alone, which a gonogo server takes."""
        self._by_key = by_key
        self._credential = KeyAndToken(key.secret)
        self._calls = calls or BaseClient(
            base_url, self._credential, transport=transport, retry=retry, clean=clean, network=network
        )
        self._login = login
        self._clean = clean
        self._token: Secret | None = None

    @classmethod
    def over(cls, calls: BaseClient) -> ResultsClient:
        """Returns a client over `calls`, whose own credential is enough; closing it closes `calls`."""
        key = calls.credential
        if not isinstance(key, ApiKey):
            raise AuthenticationError("Results are read with an API key.")
        return cls(calls.base_url, key, None, calls=calls)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._calls.base_url!r}, {self._credential!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._calls.aclose()

    # --- session ---

    async def log_in(self) -> Login:
        """Opens a session.

        Raises:
            AuthenticationError: key, user name or password are wrong.
        """
        if self._by_key:
            return await self._log_in_by_key()
        if self._login is None:
            raise AuthenticationError("This server asks for a session, and no user name and password are known.")
        login = await self._login()
        self._use(None)
        body = as_bytes({"username": login.username, "api_password": login.api_password})
        options = RequestOptions(secrets=(Secret(login.api_password),))
        request = self._calls.prepare("POST", f"{AUTH}/login", body=body)
        session = parse(Login, await self._calls.exchange(request, options), clean=self._clean)
        self._use(Secret(session.token))
        return session

    async def _log_in_by_key(self) -> Login:
        self._use(None)
        try:
            token = (await self._calls.call(Token, "POST", "/api/v1/gonogo/results/session")).token
        except NotFoundError:
            raise AuthenticationError(
                "This server opens its results only with a user name and an API password.",
                next_step="`gonogo results login` keeps them, as `gonogo keys create --results-password` gives them.",
            ) from None
        self._use(Secret(token))
        return Login(token=token)

    async def test_token(self) -> Message:
        return await self._call(Message, "POST", f"{AUTH}/testToken")

    async def refresh_token(self) -> None:
        """Exchanges the token for a new one."""
        response = await self._call(Token, "POST", f"{AUTH}/refreshToken")
        self._use(Secret(response.token))

    async def log_out(self) -> None:
        """Ends the session, if there is one."""
        if self._token is not None:
            await self._calls.call(Message, "POST", f"{AUTH}/logout", options=self._how())
            self._use(None)

    # --- results ---

    async def page(self, task_id: int, filters: CaseFilters = CaseFilters(), after: int | None = None) -> ResultPage:
        """Returns one page of a task's cases, those after `after` (a `last_sequence_id`)."""
        query = {"task_id": task_id, **filters.query(), "last_sequence_id": after}
        return await self._call(ResultPage, "GET", f"{RESULTS}/list", query)

    async def pages(
        self,
        task_id: int,
        filters: CaseFilters = CaseFilters(),
        after: int | None = None,
    ) -> AsyncIterator[ResultPage]:
        """Yields all pages to the end. To continue after a break, pass the last page's `last_sequence_id` as `after`.

        Raises:
            UnexpectedAnswerError: the server gives the same page again and again.
        """
        while True:
            page = await self.page(task_id, filters, after)
            yield page
            if not page.has_next or page.last_sequence_id is None:
                return
            if page.last_sequence_id == after:
                raise UnexpectedAnswerError("The server says that there is a next page, and gives the same one again.")
            after = page.last_sequence_id

    async def cases(
        self,
        task_id: int,
        filters: CaseFilters = CaseFilters(),
        after: int | None = None,
    ) -> AsyncIterator[CaseResult]:
        """Yields all cases of a task; one that changes meanwhile may come twice."""
        async for page in self.pages(task_id, filters, after):
            for case in page.payload:
                yield case

    async def case(self, task_id: int, case_id: int, *, verbose: bool | None = None) -> CaseResult:
        query = {**CaseFilters(verbose=verbose).query(), "task_id": task_id, "case_id": case_id}
        return await self._call(CaseResult, "GET", f"{RESULTS}/get", query)

    async def _call(self, model: type[M], method: str, path: str, query: Query | None = None) -> M:
        can_log_in = self._login is not None or self._by_key
        fresh = self._token is None and can_log_in
        if fresh:
            await self.log_in()
        try:
            return await self._calls.call(model, method, path, query=query, options=self._how())
        except AuthenticationError:
            if fresh or not can_log_in:  # a session just opened is refused: another one would be, too
                raise
        except InvalidRequestError as error:
            if error.status == 426:
                error.next_step = (
                    "This task's kind is served by version 2 of that API only, which gonogo does not read."
                )
            raise
        await self.log_in()
        return await self._calls.call(model, method, path, query=query, options=self._how())

    def _use(self, token: Secret | None) -> None:
        self._token = token
        self._credential.use(token)

    def _how(self) -> RequestOptions:
        return RequestOptions(secrets=(self._token,) if self._token else ())

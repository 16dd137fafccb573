"""Base client: turns a typed call into a request, sends it with retries, and parses the response into a model."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlencode

import httpx
from pydantic import BaseModel

from gonogo.client.credential import Credential
from gonogo.client.errors import GonogoClientError
from gonogo.client.transport.http_transport import DEFAULT_OPTIONS, HttpTransport, RequestOptions, Timeouts, read_whole
from gonogo.client.transport.requests import PreparedRequest, as_bytes, new_key
from gonogo.client.transport.response_parsing import ApiResponse, describe, error_from, parse, unexpected
from gonogo.client.transport.retry import Pace, RetryPolicy, with_retries
from gonogo.network import NetworkOptions

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")
Query = Mapping[str, str | int | None]


def body_of(model: BaseModel | None) -> bytes:
    """Returns the fields that the caller set in `model` as JSON, without those that are `None`."""
    return as_bytes(model.model_dump(exclude_unset=True, exclude_none=True)) if model is not None else b""


class BaseClient:
    """Base of all clients of one server: an async context manager whose typed methods go through `call`."""

    def __init__(
        self,
        base_url: str,
        credential: Credential | None = None,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        retry: RetryPolicy | None = RetryPolicy(),  # noqa: B008 - frozen
        clean: bool = True,
        timeouts: Timeouts = Timeouts(),  # noqa: B008 - frozen
        on_error: Callable[[GonogoClientError], None] = lambda error: None,
        network: NetworkOptions = NetworkOptions(),  # noqa: B008 - frozen
    ) -> None:
        """Nothing is sent yet.

        Args:
            base_url: `https://…`; plain http only on this machine. A path prefix is kept.
            credential: an `ApiKey`, a `SessionToken`, or nothing for the few operations that need none.
            transport: another way to reach the server, such as `httpx.ASGITransport` of the embedded one.
            retry: `None` for callers with a circuit breaker of their own: each call is then one request.
            on_error: called with each error before it is raised, for a log of them.
            network: whether `HTTPS_PROXY` counts. Certificates are judged by the system, and `GONOGO_CA_FILE`.
            clean: make all received text harmless for a terminal; `False` for exports only.

        Raises:
            InvalidInputError: `base_url` is no address of a server, or the proxy or `GONOGO_CA_FILE` is not usable.
        """
        self._transport = HttpTransport(base_url, credential, transport, timeouts, network)
        self._retry = retry
        self._pace = Pace(retry) if retry is not None else None
        self._clean = clean
        self._on_error = on_error
        self.base_url = str(self._transport.home)
        self.credential = credential

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r}, {self.credential!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def proxy(self) -> str | None:
        """Host and port of the proxy that requests go through; `None` without one."""
        return None if self._transport.proxy is None else self._transport.proxy.shown

    async def aclose(self) -> None:
        """Closes the connections. The client cannot be used afterwards."""
        await self._transport.aclose()

    async def call(
        self,
        model: type[M],
        method: str,
        path: str,
        *,
        body: bytes = b"",
        query: Query | None = None,
        key: str | None = None,
        content_type: str = "application/json",
        options: RequestOptions = DEFAULT_OPTIONS,
    ) -> M:
        """Sends one logical operation with retries, each with the same bytes and key, and returns the parsed model."""
        request = self.prepare(method, path, body=body, query=query, key=key, content_type=content_type)
        return parse(model, await self.exchange(request, options), clean=self._clean)

    def prepare(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        query: Query | None = None,
        key: str | None = None,
        content_type: str = "application/json",
    ) -> PreparedRequest:
        """Returns the request as bytes; all but a GET carry an idempotency key, made here when absent."""
        params = {name: str(value) for name, value in (query or {}).items() if value is not None}
        full = f"{path}?{urlencode(params)}" if params else path
        return PreparedRequest(method, full, body, "" if method == "GET" else key or new_key(), content_type)

    async def exchange(
        self, request: PreparedRequest, options: RequestOptions = DEFAULT_OPTIONS, *, once: bool = False
    ) -> ApiResponse:
        """Sends `request` with retries (`once`: without) and returns the 2xx response."""
        return await self._with_retries(lambda: self._transport.exchange(request, options), once=once)

    async def _with_retries(self, attempt: Callable[[], Awaitable[T]], *, once: bool = False) -> T:
        try:
            if self._retry is None or self._pace is None:
                return await attempt()
            policy = replace(self._retry, tries=1) if once else self._retry
            return await with_retries(policy, self._pace, attempt)
        except GonogoClientError as error:
            self._on_error(error)
            raise

    async def stream_lines(self, request: PreparedRequest) -> AsyncGenerator[bytes, None]:
        """Yields the body of the response as it arrives, one or more whole lines at a time, each with its newline.

        Tried again as the policy says until it begins; a break in the middle raises.
        """
        async with AsyncExitStack() as stack:
            body = await self._with_retries(lambda: self._open(stack, request))
            partial: list[bytes] = []
            async for piece in body:
                end = piece.rfind(b"\n") + 1
                if end:
                    yield b"".join((*partial, piece[:end]))
                    partial = []
                partial.append(piece[end:])
            if any(partial):
                yield b"".join((*partial, b"\n"))

    @asynccontextmanager
    async def stream(
        self, request: PreparedRequest, options: RequestOptions
    ) -> AsyncIterator[tuple[ApiResponse, AsyncIterator[bytes]]]:
        """Returns the head of the 2xx response, and its body as it arrives; tried once."""
        if self._pace is not None:
            await self._pace.turn()
        async with self._transport.stream(request, options) as (head, body):
            if not head.ok:
                raise error_from(await read_whole(head, body))
            yield head, body

    async def _open(self, stack: AsyncExitStack, request: PreparedRequest) -> AsyncIterator[bytes]:
        async with AsyncExitStack() as attempt:
            head, body = await attempt.enter_async_context(self._transport.stream(request))
            if not head.ok:
                raise error_from(await read_whole(head, body))
            if "html" in (head.headers.get("Content-Type") or ""):
                whole = await read_whole(head, body)
                raise unexpected(whole, f"The server answered {describe(whole)} instead of JSON Lines.")
            stack.push_async_exit(attempt.pop_all())
            return body

"""Sending of one message: one POST to a checked address, and what became of it.

httpx's transport alone: no redirect is followed, no proxy or cookie is used, and nothing of the answer is kept but its
status. All of a try, the answer's body too, takes at most `webhook_timeout_seconds`.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Mapping
from datetime import timedelta
from typing import Final, NamedTuple

import httpx

import gonogo
from gonogo.addresses import Address
from gonogo.server.webhooks.destination import CheckedUrl

log = logging.getLogger("gonogo.server")
MAX_ANSWER: Final = 64 * 1024
"""Bytes of an answer that are read, so that the connection can be used again; after more it is closed."""
CONNECTIONS: Final = 8
"""Messages to one endpoint at a time."""
_LIMITS: Final = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=30.0)
MESSAGES_PER_SECOND: Final = 300
"""Most that are sent, whatever waits; each takes about a millisecond of a processor."""
GONE: Final = 410


class Pacer:
    """Pacer of all messages of a process: spreads a backlog, so that requests between are answered as soon as ever."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second
        self._next = 0.0

    async def turn(self) -> None:
        """Waits for the next turn."""
        now = asyncio.get_running_loop().time()
        at = self._next = max(now, self._next + self._interval)
        if at > now:
            await asyncio.sleep(at - now)


class TryResult(NamedTuple):
    """Result of one try: the answer's status, or the error before there was any; `retry_after` as the answer asks."""

    status: int | None = None
    error: str | None = None
    retry_after: timedelta | None = None

    @property
    def is_delivered(self) -> bool:
        return self.error is None


class EndpointConnection:
    """Connections to one endpoint. Close it with `aclose`."""

    def __init__(self, context: ssl.SSLContext, timeout: float) -> None:
        """`timeout` is for one message, in seconds."""
        self._timeout = timeout
        self._timeouts = httpx.Timeout(timeout).as_dict()
        self._transport = httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=_LIMITS)

    async def post(self, destination: CheckedUrl, headers: Mapping[str, str], body: bytes) -> TryResult:
        """Sends one message; never raises for what the other side does."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._try_addresses(destination, headers, body)
        except TimeoutError:
            return TryResult(error=f"no answer within {self._timeout:g} s")
        except httpx.TransportError as error:
            return TryResult(error=_words(error))
        except Exception as error:  # of a library: it is this message's failure, not that of those beside it
            log.exception("webhooks: a message could not be sent")
            return TryResult(error=f"could not be sent ({type(error).__name__})")

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def _try_addresses(self, destination: CheckedUrl, headers: Mapping[str, str], body: bytes) -> TryResult:
        for address in destination.addresses[:-1]:
            try:
                return await self._post(destination, address, headers, body)
            except httpx.ConnectError:
                continue  # nothing was sent
        return await self._post(destination, destination.addresses[-1], headers, body)

    async def _post(
        self, destination: CheckedUrl, address: Address, headers: Mapping[str, str], body: bytes
    ) -> TryResult:
        request = httpx.Request(
            "POST",
            destination.at(address),
            headers={
                "Host": destination.host_header,
                "Content-Type": "application/json",
                "User-Agent": f"gonogo/{gonogo.__version__}",
                **headers,
            },
            content=body,
            extensions={"timeout": self._timeouts, "sni_hostname": destination.host},
        )
        response = await self._transport.handle_async_request(request)
        try:
            await _read_some(response)
        finally:
            await response.aclose()
        return _judge(response)


async def _read_some(response: httpx.Response) -> None:
    n_read = 0
    async for chunk in response.aiter_raw():
        n_read += len(chunk)
        if n_read > MAX_ANSWER:
            return


def _judge(response: httpx.Response) -> TryResult:
    status = response.status_code
    if 200 <= status < 300:
        return TryResult(status)
    if 300 <= status < 400:
        return TryResult(status, f"answered {status}: redirects are not followed, give the final address")
    return TryResult(status, f"answered {status}", _retry_after(response))


def _retry_after(response: httpx.Response) -> timedelta | None:
    """Seconds of the header; its other form, a date, is for browsers."""
    text = response.headers.get("retry-after", "")
    return timedelta(seconds=int(text)) if text.isascii() and text.isdecimal() and len(text) < 8 else None


def _words(error: httpx.TransportError) -> str:
    """What went wrong, in our own words: nothing of the other side's gets into a list or a log."""
    cause = error.__cause__
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "its certificate is not trusted"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return "cannot connect"
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    if isinstance(error, httpx.RemoteProtocolError):
        return "closed the connection, or answered something that is not HTTP"
    return "the connection broke off"

"""HTTP transport: the one place that configures httpx, with timeouts, no redirects, and a credential for one host only.

The credential is added to a request below httpx, after the request's origin was compared with the client's own, and
removed again when the response is there. So neither a redirect nor a wrong path can carry it elsewhere, and no request
object in a traceback or a log holds it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

import httpx

import gonogo
from gonogo.client.credential import Credential, Secret
from gonogo.client.errors import GonogoClientError, InterruptedExchangeError, InvalidInputError, NetworkError
from gonogo.client.transport.requests import PreparedRequest
from gonogo.client.transport.response_parsing import ApiResponse, error_from, redirected, unexpected
from gonogo.network import HttpProxy, NetworkOptions, NetworkOptionsError, context_to_proxy, proxy_for, tls_context
from gonogo.schemas.sanitize import clean_text

MAX_BODY: Final = 64 * 1024 * 1024
"""Largest response taken into memory, in bytes: 500 tasks with fields of 100 kB."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Timeouts in seconds. `whole` limits one try from the first byte sent to the last one read.

    `slow` takes the place of `read` and `whole` where much is sent, or the server has much to do.
    """

    connect: float = 5.0
    read: float = 15.0
    write: float = 15.0
    pool: float = 5.0
    whole: float = 30.0
    slow: float = 300.0


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """Options of a request beside its bytes.

    `anonymous`: no credential is sent. `slow`: the server may take its time. `secrets`: strings in the request that
    must not show up in a message, should the server echo them; the credential is always one. `headers`: more of them,
    or others.
    """

    anonymous: bool = False
    slow: bool = False
    secrets: tuple[Secret, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


DEFAULT_OPTIONS: Final = RequestOptions()


class ServerStartError(httpx.ConnectError):
    """Connection error of a server that runs in this process and can't start: no later try can succeed."""


def base_url(text: str, *, plain_http: bool = False) -> httpx.URL:
    """Returns `text` as the address of a server: https, or http on this machine (loopback, `*.localhost`).

    With `plain_http`, http anywhere.

    Raises:
        InvalidInputError: it is no such address.
    """
    try:
        url = httpx.URL(text.strip().rstrip("/"))
    except (httpx.InvalidURL, ValueError, TypeError):
        raise InvalidInputError("This is not the address of a server.", next_step=_ADDRESS) from None
    if url.scheme not in ("https", "http") or not url.host:
        raise InvalidInputError("The server's address must begin with https://.", next_step=_ADDRESS)
    if url.userinfo or url.query or url.fragment:
        raise InvalidInputError("The server's address must have no user name, `?` or `#` in it.", next_step=_ADDRESS)
    if url.scheme == "http" and not plain_http and not is_loopback(url.host):
        raise InvalidInputError(
            f"http://{url.host} would carry the credential readable over the network; nothing was sent.",
            next_step="Use the https:// address; plain http works on this machine only.",
        )
    return url


_ADDRESS: Final = "Give it like https://api.arcnm.io, or http://127.0.0.1:8000 for a server on this machine."


def is_loopback(host: str) -> bool:
    """Returns whether `host` names this machine: `localhost`, `*.localhost`, 127.0.0.0/8, ::1."""
    host = host.lower().rstrip(".").strip("[]")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """Returns scheme, host and port, comparable."""
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)


class CredentialGuard(httpx.AsyncBaseTransport):
    """Transport that adds the credential to requests for one origin, and refuses all others."""

    def __init__(self, inner: httpx.AsyncBaseTransport, home: httpx.URL, credential: Credential | None) -> None:
        self._inner = inner
        self._origin = origin(home)
        self._headers = credential.headers() if credential else {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if origin(request.url) != self._origin:
            raise InvalidInputError(f"A request was stopped: it was for {self._origin[1]} to {request.url.host}.")
        if request.extensions.get("anonymous"):
            return await self._inner.handle_async_request(request)
        request.headers.update(self._headers)
        try:
            return await self._inner.handle_async_request(request)
        finally:
            for name in self._headers:
                del request.headers[name]

    async def aclose(self) -> None:
        await self._inner.aclose()


def quiet_httpx() -> None:
    """Stops httpx from logging whole URLs, which may be signed, at INFO. Safe to call often."""
    logger = logging.getLogger("httpx")
    if _only_warnings not in logger.filters:
        logger.addFilter(_only_warnings)


def _only_warnings(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def _own_transport(home: httpx.URL, network: NetworkOptions) -> tuple[httpx.AsyncBaseTransport, HttpProxy | None]:
    """The transport to `home`, and the proxy that it goes through. Raises `InvalidInputError`."""
    if home.scheme != "https":
        # Plain http needs no certificates, and loading them takes longer than the rest of the start. The guard lets no
        # https request pass, and this context would trust nobody.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return httpx.AsyncHTTPTransport(verify=context, trust_env=False), None
    try:
        proxy = proxy_for(str(home)) if network.proxy else None
        context = tls_context()
    except NetworkOptionsError as error:
        problem, _, next_step = str(error).partition(": ")
        raise InvalidInputError(f"{problem}.", next_step=f"{next_step[:1].upper()}{next_step[1:]}") from None
    through = None if proxy is None else httpx.Proxy(proxy.url, ssl_context=context_to_proxy(proxy, context))
    return httpx.AsyncHTTPTransport(verify=context, trust_env=False, proxy=through), proxy


class HttpTransport:
    """Transport that sends prepared requests to one server and returns whole responses. One for each client."""

    def __init__(
        self,
        address: str,
        credential: Credential | None,
        transport: httpx.AsyncBaseTransport | None,
        timeouts: Timeouts,
        network: NetworkOptions = NetworkOptions(),  # noqa: B008 - frozen
    ) -> None:
        quiet_httpx()
        self.home = base_url(address, plain_http=network.plain_http)
        self.proxy: HttpProxy | None = None
        if transport is None:
            transport, self.proxy = _own_transport(self.home, network)
        self.timeouts = timeouts
        self._secrets: tuple[Secret, ...] = (credential,) if credential else ()
        self._http = httpx.AsyncClient(
            transport=CredentialGuard(transport, self.home, credential),
            follow_redirects=False,
            trust_env=False,
            headers={"User-Agent": f"gonogo/{gonogo.__version__}"},
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    async def exchange(self, prepared: PreparedRequest, options: RequestOptions = DEFAULT_OPTIONS) -> ApiResponse:
        """Sends `prepared` once and returns its 2xx response.

        Raises:
            GonogoClientError: no answer, another status than 2xx, a redirect, or a body over `MAX_BODY`.
        """
        options = replace(options, slow=options.slow or len(prepared.body) > 1_000_000)
        limit = self.timeouts.slow if options.slow else self.timeouts.whole
        try:
            async with asyncio.timeout(limit), self.stream(prepared, options) as (head, body):
                response = await read_whole(head, body)
        except TimeoutError:
            raise InterruptedExchangeError(
                f"{self.home.host} did not finish its answer within {limit:.0f} s.", transient=True
            ) from None
        if response.ok:
            return response
        raise error_from(response)

    @asynccontextmanager
    async def stream(
        self, prepared: PreparedRequest, options: RequestOptions = DEFAULT_OPTIONS
    ) -> AsyncIterator[tuple[ApiResponse, AsyncIterator[bytes]]]:
        """Sends `prepared` once; gives status and headers (an `ApiResponse` without body), and the body in pieces.

        Raises:
            GonogoClientError: no answer, or a redirect; also while the body is read.
        """
        if self._http.is_closed:
            raise NetworkError(f"The connection to {self.home.host} was closed by this program.")
        if not prepared.path.startswith("/"):
            raise InvalidInputError("A request's path must begin with a slash.")
        request = self._http.build_request(
            prepared.method,
            f"{self.home}{prepared.path}",
            content=prepared.body or None,
            headers=prepared.headers() | dict(options.headers),
            timeout=self._limits(options),
            extensions={"anonymous": options.anonymous},
        )
        try:
            response = await self._http.send(request, stream=True)
            try:
                head = ApiResponse(response.status_code, response.headers, b"", self._secrets + options.secrets)
                if 300 <= response.status_code < 400:
                    raise redirected(head, _target(response))
                yield head, response.aiter_bytes()
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            raise self._no_answer(error) from None
        except (httpx.InvalidURL, httpx.StreamError) as error:
            raise InvalidInputError(f"The request could not be sent: {type(error).__name__}.") from None

    def _limits(self, options: RequestOptions) -> httpx.Timeout:
        times = self.timeouts
        read = times.slow if options.slow else times.read
        return httpx.Timeout(connect=times.connect, read=read, write=times.write, pool=times.pool)

    def _no_answer(self, error: httpx.HTTPError) -> GonogoClientError:
        host = self.home.host
        if isinstance(error, httpx.DecodingError):
            return unexpected(ApiResponse(200, {}, b""), f"{host} sent a body that could not be unpacked.")
        chain = [error, error.__cause__, error.__context__]
        while chain[-1] is not None and chain[-1].__context__ not in chain:
            chain.append(chain[-1].__context__)
        for link in chain:
            if isinstance(link, ssl.SSLCertVerificationError):
                return certificate_error(host, link)
        if self.proxy is not None and isinstance(error, httpx.ProxyError | httpx.ConnectError):
            reason = " ".join(clean_text(str(error)).split())[:200].rstrip(".") or "it can't be reached"
            return NetworkError(
                f"The proxy {self.proxy.shown} gives no way to {host}: {reason}.",
                next_step=_PROXY_STEP,
                transient=True,
            )
        if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
            return NetworkError(f"{host} did not answer in time.", transient=True)
        if isinstance(error, httpx.ConnectError):
            reason = " ".join(clean_text(str(error)).split())[:200].rstrip(".")
            what = f"{host} cannot be reached: {reason or 'unknown name, no route, or nothing listens there'}."
            return NetworkError(what, transient=not isinstance(error, ServerStartError))
        if isinstance(error, httpx.TimeoutException):
            return InterruptedExchangeError(f"{host} did not answer in time.", transient=True)
        return InterruptedExchangeError(
            f"The connection to {host} was cut before the answer was whole.", transient=True
        )


_PROXY_STEP: Final = (
    "Check HTTPS_PROXY. NO_PROXY names hosts to reach without it, `proxy = false` in the settings a server."
)


def certificate_error(host: str, error: ssl.SSLCertVerificationError) -> NetworkError:
    """Returns the error of a certificate that was refused: for its name, its issuer or its dates."""
    code, reason = getattr(error, "verify_code", 0), str(getattr(error, "verify_message", "") or error).lower()
    if code in _EXPIRED or "expired" in reason:
        problem = "has expired, or this computer's clock is wrong"
        step = "Check the clock of this computer; if it is right, ask the server's operator for a new certificate."
    elif code in _NOT_YET or "not yet valid" in reason:
        problem = "is not valid yet, or this computer's clock is wrong"
        step = "Check the clock of this computer; if it is right, ask the server's operator."
    elif code in _OTHER_NAME or "mismatch" in reason:
        problem = "is for another name"
        step = "Check the address; if it is right, ask the server's operator for a certificate with this name."
    else:
        problem = "is from an issuer that this computer does not trust"
        step = "If your organisation has its own certificates, name the file: gonogo --ca-file FILE or GONOGO_CA_FILE."
    return NetworkError(f"The certificate of {host} {problem}; nothing was sent.", next_step=step)


# OpenSSL's X509_V_ERR_ numbers
_EXPIRED: Final = (10, 12)
_NOT_YET: Final = (9, 11)
_OTHER_NAME: Final = (62, 64)


def _target(response: httpx.Response) -> str:
    """Returns the host of the `Location` header, without the rest, which may be signed."""
    try:
        return str(httpx.URL(response.headers.get("Location", "")).host)
    except httpx.InvalidURL:
        return ""


async def read_whole(head: ApiResponse, body: AsyncIterator[bytes]) -> ApiResponse:
    pieces: list[bytes] = []
    size = 0
    async for piece in body:
        size += len(piece)
        if size > MAX_BODY:
            raise unexpected(head, f"The server's answer is longer than {MAX_BODY // 1024 // 1024} MB.")
        pieces.append(piece)
    return ApiResponse(head.status, head.headers, b"".join(pieces), head.secrets)

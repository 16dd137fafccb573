"""Drawing fetcher: downloads a drawing from its signed URL, without sending any of our credentials. Imports httpx when
first needed.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from gonogo.addresses import Address, Reach, ip_literal, nearest_reach
from gonogo.network import HttpProxy, NetworkOptions, NetworkOptionsError, context_to_proxy, proxy_for, tls_context
from gonogo.sheets.drawing_limits import MEGABYTE, TELL_OPERATOR, CannotShowError, DrawingLimits
from gonogo.sheets.file_type import FileType, sniff
from gonogo.sheets.filename_title import title_from_filename, title_from_header
from gonogo.sheets.models import DrawingAddress
from gonogo.sheets.ssrf_guard import is_loopback, refuse_nearer_than, resolve

if TYPE_CHECKING:
    import httpx

_ELSEWHERE = ipaddress.IPv4Address("1.1.1.1")
"""Stands for the address of a name that only the proxy knows: somewhere outside, as the proxy is there for."""
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class DownloadedDrawing:
    """Bytes of a drawing, and its title where the response names a file."""

    data: bytes
    title: str | None = None


class DrawingFetcher:
    """Fetcher of drawings by part revision, with an SSRF guard.

    `drawing_url` asks the server for the signed URL; the exceptions in `errors` that it may raise become sentences,
    with their `next_step` where they have one. The URL itself is fetched by a separate client without credentials. It
    must be https; http is allowed only on this machine, and only when `base_url` is this machine too. An address nearer
    than the server's own (this machine, a private network) is refused, so that a foreign server cannot use us to reach
    our own services. Tests replace `look_up`; with a `transport` no name is resolved.
    """

    def __init__(
        self,
        drawing_url: Callable[[str], Awaitable[DrawingAddress]],
        *,
        base_url: str,
        transport: httpx.AsyncBaseTransport | None = None,
        errors: tuple[type[Exception], ...] = (Exception,),
        limits: DrawingLimits | None = None,
        look_up: Callable[[str], Awaitable[list[Address]]] = resolve,
        network: NetworkOptions = NetworkOptions(),  # noqa: B008 - frozen
    ) -> None:
        self._network = network
        self._look_up = look_up
        self._drawing_url = drawing_url
        self._base_url = base_url
        self._transport = transport
        self._errors = errors
        self._limits = limits or DrawingLimits()

    def name_of(self, part_revision_id: str) -> str:
        """Returns the cache key of this revision's drawing; ids are unique within one server only."""
        return f"{self._base_url.rstrip('/')} {part_revision_id}"

    async def fetch(self, part_revision_id: str) -> DownloadedDrawing:
        """Returns the drawing, at most `transfer_bytes`, its type checked. Raises `CannotShowError`."""
        answer = await self._ask(part_revision_id)
        try:
            async with asyncio.timeout(self._limits.transfer_seconds):
                fetched = await self._download(urljoin(self._base_url, answer.url or ""))
        except TimeoutError as error:
            seconds = f"{self._limits.transfer_seconds:g}"
            raise CannotShowError(f"The drawing did not arrive within {seconds} seconds.", retry=True) from error
        head = fetched.data[:2048]
        kind = sniff(head)
        if kind not in FileType.displayable():
            raise CannotShowError(kind.refusal(head))
        if answer.sha256 is not None and hashlib.sha256(fetched.data).hexdigest() != answer.sha256.lower():
            raise CannotShowError(
                "The drawing was changed where it lies, so it is not shown.",
                next_step=TELL_OPERATOR,
                retry=True,
            )
        if answer.title is not None:
            return DownloadedDrawing(fetched.data, title_from_filename(answer.title))
        return fetched

    async def _ask(self, part_revision_id: str) -> DrawingAddress:
        """The server's answer, which has a URL."""
        try:
            answer = await self._drawing_url(part_revision_id)
        except self._errors as error:
            gone = getattr(error, "status", None) == 404
            if gone:
                raise CannotShowError("The server knows no drawing for this part.") from error
            step = str(getattr(error, "next_step", "") or "")
            raise CannotShowError(f"The drawing cannot be fetched. {error}", next_step=step, retry=True) from error
        if answer.url:
            return answer
        if answer.status in (None, "no_dataset", "ready"):
            raise CannotShowError("The server has no drawing for this part.")
        raise CannotShowError(f"The drawing is not ready yet (the server says “{answer.status[:40]}”).", retry=True)

    async def _download(self, url: str) -> DownloadedDrawing:
        import httpx  # not needed for the first frame

        try:
            for _ in range(self._limits.redirects + 1):
                self._require_https(url)
                proxy = self._proxy(url)
                address = await self._checked_address(url, proxied=proxy is not None)
                # A client for each request: nothing (cookies, connections, authentication) is carried to the next.
                async with self._client(url, proxy) as client:
                    result = await self._get(client, url, address)
                if isinstance(result, DownloadedDrawing):
                    return result
                url = result
        except httpx.TimeoutException as error:
            raise CannotShowError("The server that keeps the drawing does not answer.", retry=True) from error
        except httpx.InvalidURL as error:
            raise CannotShowError("The drawing's address is not a valid one.") from error
        except httpx.HTTPError as error:
            raise CannotShowError("The server that keeps the drawing cannot be reached.", retry=True) from error
        except NetworkOptionsError as error:
            raise CannotShowError(f"The drawing cannot be fetched. {error}") from error
        raise CannotShowError(f"The drawing's address was redirected more than {self._limits.redirects} times.")

    def _proxy(self, url: str) -> HttpProxy | None:
        return proxy_for(url) if self._network.proxy and self._transport is None else None

    def _client(self, url: str, proxy: HttpProxy | None) -> httpx.AsyncClient:
        import httpx  # see `_download`

        transport = self._transport
        if transport is None:
            # Plain http, of this machine alone, needs no certificates: this context trusts nobody.
            secure = url.startswith("https:")
            context = tls_context() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            through = None if proxy is None else httpx.Proxy(proxy.url, ssl_context=context_to_proxy(proxy, context))
            transport = httpx.AsyncHTTPTransport(verify=context, trust_env=False, proxy=through)
        timeout = httpx.Timeout(15.0, connect=5.0)
        return httpx.AsyncClient(transport=transport, timeout=timeout, follow_redirects=False, trust_env=False)

    async def _checked_address(self, url: str, *, proxied: bool) -> Address | None:
        """Returns the address to connect to, checked; `None` where the transport or a proxy resolves names.

        A name that only the proxy knows cannot be checked; one that is known here is, though the proxy may see another.
        """
        if self._transport is not None:
            if spelled := ip_literal(urlsplit(url).hostname or ""):
                refuse_nearer_than([spelled], self._base_reach([ip_literal(urlsplit(self._base_url).hostname or "")]))
            return None
        if proxied:
            refuse_nearer_than(await self._known_here(url) or [_ELSEWHERE], await self._server_reach(proxied=True))
            return None
        addresses = await self._look_up(url)
        refuse_nearer_than(addresses, await self._server_reach())
        return next((address for address in addresses if address.version == 4), addresses[0])

    async def _server_reach(self, *, proxied: bool = False) -> Reach:
        if is_loopback(self._base_url):
            return Reach.LOOPBACK
        look_up = self._known_here if proxied else self._look_up
        return self._base_reach(list(await look_up(self._base_url)))

    async def _known_here(self, url: str) -> list[Address]:
        """Addresses of a host, none for a name that only the proxy knows."""
        try:
            return await self._look_up(url)
        except CannotShowError:
            return []

    def _base_reach(self, addresses: list[Address] | list[Address | None]) -> Reach:
        if is_loopback(self._base_url):
            return Reach.LOOPBACK
        resolved = [address for address in addresses if address is not None]
        return nearest_reach(resolved) if resolved else Reach.PUBLIC

    async def _get(self, client: httpx.AsyncClient, url: str, address: Address | None) -> DownloadedDrawing | str:
        """Returns the body, or the URL of a redirect. Connects to `address`; the name stays in `Host` and SNI."""
        import httpx  # see `_download`

        target, headers, extensions = httpx.URL(url), {"Accept-Encoding": "identity"}, {}
        if address is not None:
            headers["Host"] = target.netloc.decode("ascii")
            extensions["sni_hostname"] = target.host
            target = target.copy_with(host=str(address))
        # No compression: a small answer must not unpack into a large one.
        async with client.stream("GET", target, headers=headers, extensions=extensions) as response:
            if response.status_code in _REDIRECTS:
                return urljoin(url, str(response.headers.get("location", "")))
            if response.status_code == 404:
                raise CannotShowError("The server's address of the drawing leads to nothing (404).")
            if response.status_code != 200:
                raise CannotShowError(f"The drawing's address answers with status {response.status_code}.", retry=True)
            if response.headers.get("content-encoding", "identity") != "identity":
                raise CannotShowError("The drawing is sent compressed, although we asked for it plain.")
            title = title_from_header(response.headers.get("content-disposition", ""))
            return DownloadedDrawing(await self._read(response), title)

    async def _read(self, response: httpx.Response) -> bytes:
        most = self._limits.transfer_bytes
        too_large = CannotShowError(f"The drawing is larger than {most // MEGABYTE} MB, the most gonogo fetches.")
        announced = response.headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > most:
            raise too_large
        data = bytearray()
        async for chunk in response.aiter_bytes():
            data += chunk
            if len(data) > most:
                raise too_large
        if announced.isdecimal() and len(data) < int(announced):
            raise CannotShowError("The drawing arrived incomplete.", retry=True)
        return bytes(data)

    def _require_https(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme == "https" and parts.hostname:
            return
        if parts.scheme == "http" and is_loopback(url) and is_loopback(self._base_url):
            return
        raise CannotShowError("The drawing's address is not https, so it is not fetched.")

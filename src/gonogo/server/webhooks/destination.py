"""Destination of messages: checks an endpoint's URL, and resolves it to addresses that a server may send to.

A lead names the URL and the server sends the request, so it could reach what only the server's own network reaches
(SSRF). Private and loopback addresses are refused unless the operator allows them; link-local ones always are, because
clouds keep credentials there. The sender connects to the checked address, so a name that changes gains nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from typing import Final

import httpx

from gonogo.addresses import Address, Reach, ip_literal, reach

ALLOW: Final = "the operator allows that with `gonogo serve --webhook-private`"
_NEVER: Final = frozenset({Reach.NOWHERE, Reach.LINK})


class DestinationError(Exception):
    """A URL that nothing is sent to; the message says why."""


@dataclass(frozen=True)
class CheckedUrl:
    """A URL, and the addresses of its host in the order in which they are tried."""

    url: httpx.URL
    addresses: tuple[Address, ...]

    @property
    def host(self) -> str:
        return _ascii_host(self.url)

    @property
    def host_header(self) -> str:
        return self.url.netloc.decode("ascii")

    def at(self, address: Address) -> httpx.URL:
        """The URL with the address instead of the name."""
        return self.url.copy_with(host=str(address))


def parse_destination(text: str, *, private: bool) -> httpx.URL:
    """The URL of an endpoint, as far as it can be judged without a look-up. Raises `DestinationError`."""
    try:
        url = httpx.URL(text)
        port = url.port
    except (httpx.InvalidURL, ValueError, TypeError):
        raise DestinationError("This is no URL.") from None
    if url.scheme not in ("http", "https") or not url.host or not url.raw_host.isascii():
        raise DestinationError("An endpoint's URL begins with https:// and names a host.")
    if url.userinfo or url.fragment or not 0 < (443 if port is None else port) < 65_536:
        raise DestinationError("An endpoint's URL has no user name and no `#`, and a port below 65536.")
    if url.scheme == "http" and not private:
        raise DestinationError(f"Messages go over https only; {ALLOW}.")
    literal = ip_literal(url.host)
    if literal is not None:
        check_addresses(url, [literal], private=private)
    return url


def check_addresses(url: httpx.URL, addresses: list[Address], *, private: bool) -> None:
    """Raises `DestinationError` if one of the addresses is not for messages."""
    reaches = {reach(address) for address in addresses}
    if not reaches or reaches & _NEVER:
        raise DestinationError("The host's address is none that messages are sent to (link-local, or no machine).")
    if not private and reaches != {Reach.PUBLIC}:
        raise DestinationError(f"The host is in the server's own network; {ALLOW}.")
    if url.scheme == "http" and Reach.PUBLIC in reaches:
        raise DestinationError("Messages to a public address go over https only.")


async def resolve_destination(text: str, *, private: bool) -> CheckedUrl:
    """The URL with the checked addresses of its host. Raises `DestinationError`."""
    url = parse_destination(text, private=private)
    addresses = await _look_up(url)
    check_addresses(url, addresses, private=private)
    return CheckedUrl(url, tuple(dict.fromkeys(addresses)))


async def _look_up(url: httpx.URL) -> list[Address]:
    literal = ip_literal(url.host)
    if literal is not None:
        return [literal]
    try:
        port = url.port or {"http": 80, "https": 443}[url.scheme]
        entries = await asyncio.get_running_loop().getaddrinfo(_ascii_host(url), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise DestinationError("The host is not known (no address for its name).") from None
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in entries]


def _ascii_host(url: httpx.URL) -> str:
    """The host as its header names it: Python's older IDNA makes `strasse.de`, a stranger's, of `straße.de`."""
    return url.raw_host.decode("ascii")

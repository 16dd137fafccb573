"""SSRF guard: refuses drawing URLs that lead into the private network.

The caller resolves the name here and connects to the checked address, so DNS rebinding gains nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from enum import IntEnum
from urllib.parse import urlsplit

from gonogo.sheets.drawing_limits import TELL_OPERATOR, CannotShowError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Reach(IntEnum):
    """Distance of an address; a server may point to its own reach or further out, never further in."""

    NOWHERE = 0  # not an address of one machine
    LOOPBACK = 1
    LINK = 2
    PRIVATE = 3
    PUBLIC = 4


def reach(address: Address) -> Reach:
    """Returns the reach of one address; a wrapper (IPv4-mapped, 6to4, NAT64) counts as the address that it wraps."""
    inner = _wrapped(address)
    if inner is not None:
        return reach(inner)
    if address.is_loopback:
        return Reach.LOOPBACK
    if address.is_unspecified or address.is_multicast or (address.is_reserved and not address.is_global):
        return Reach.NOWHERE
    if address.is_link_local:
        return Reach.LINK
    return Reach.PUBLIC if address.is_global else Reach.PRIVATE


def _wrapped(address: Address) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address in ipaddress.ip_network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def ip_literal(host: str) -> Address | None:
    """Returns the address that a host spells out, also in the short forms of `connect` (`127.1`, `0x7f000001`)."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def is_loopback(url: str) -> bool:
    """Returns whether a URL's host is this machine by its name alone; nothing is resolved."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def nearest_reach(addresses: list[Address]) -> Reach:
    """Returns the reach of the nearest address."""
    return min((reach(address) for address in addresses), default=Reach.NOWHERE)


def refuse_nearer_than(addresses: list[Address], base: Reach) -> None:
    """Raises `CannotShowError` when one of `addresses` is nearer than the server itself, whose reach is `base`."""
    reach_of_nearest = nearest_reach(addresses)
    if reach_of_nearest is Reach.NOWHERE:
        raise CannotShowError("The drawing's address leads nowhere, so it is not fetched.")
    if reach_of_nearest < base:
        raise CannotShowError(
            "The drawing's address leads into this machine's own network, so it is not fetched.",
            next_step=TELL_OPERATOR,
        )


async def resolve(url: str) -> list[Address]:
    """Returns the addresses of a URL's host. Raises `CannotShowError` when the name is not known."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if (spelled := ip_literal(host)) is not None:
        return [spelled]
    if is_loopback(url):
        return [ipaddress.IPv4Address("127.0.0.1")]  # RFC 6761: names under `localhost` are this machine
    try:
        entries = await asyncio.get_running_loop().getaddrinfo(host, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise CannotShowError("The server that keeps the drawing cannot be found.", retry=True) from error
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in entries]

"""Which machines a drawing may be fetched from. A server's answer must not make us ask our own network.

The name is looked up here and the connection made to the address that was judged, so a name that changes its answer
between the two (rebinding) gains nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from enum import IntEnum
from urllib.parse import urlsplit

from gonogo.sheets.drawing_limits import CannotShowError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Reach(IntEnum):
    """How far away an address is; a server may point to its own reach or further out, never further in."""

    NOWHERE = 0  # not an address of one machine
    LOOPBACK = 1
    LINK = 2
    PRIVATE = 3
    PUBLIC = 4


def reach(address: Address) -> Reach:
    """The reach of one address; one that wraps another (IPv4-mapped, 6to4, NAT64) counts as what it wraps."""
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
    """The address that a host spells out, also in the short forms that `connect` takes (`127.1`, `0x7f000001`)."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine by its name alone (nothing is looked up)."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def nearest_reach(addresses: list[Address]) -> Reach:
    """The reach of the nearest of several addresses."""
    return min((reach(address) for address in addresses), default=Reach.NOWHERE)


def refuse_nearer_than(addresses: list[Address], base: Reach) -> None:
    """Raise `CannotShowError` when one of `addresses` lies nearer than the server itself, whose reach is `base`."""
    found = nearest_reach(addresses)
    if found is Reach.NOWHERE:
        raise CannotShowError("The drawing's address leads nowhere, so it is not fetched.")
    if found < base:
        raise CannotShowError(
            "The drawing's address leads into this machine's own network, so it is not fetched.",
            next_step="Tell whoever keeps the server; meanwhile judge from the text, or answer unsure.",
        )


async def resolve(url: str) -> list[Address]:
    """The addresses of a URL's host. Raises `CannotShowError` when the name is not known."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if (spelled := ip_literal(host)) is not None:
        return [spelled]
    if is_loopback(url):
        return [ipaddress.IPv4Address("127.0.0.1")]  # RFC 6761: names under `localhost` are this machine
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise CannotShowError("The server that keeps the drawing cannot be found.", retry=True) from error
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]

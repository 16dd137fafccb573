"""SSRF guard: refuses drawing URLs that lead into the private network.

A server may point to its own reach or further out, never further in. The caller resolves the name here and connects to
the checked address, so DNS rebinding gains nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from urllib.parse import urlsplit

from gonogo.addresses import Address, Reach, ip_literal, nearest_reach
from gonogo.sheets.drawing_limits import TELL_OPERATOR, CannotShowError


def is_loopback(url: str) -> bool:
    """Returns whether a URL's host is this machine by its name alone; nothing is resolved."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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

"""Network addresses: how far from this machine an IP address leads, for guards against forged requests (SSRF)."""

from __future__ import annotations

import ipaddress
import socket
from enum import IntEnum

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Reach(IntEnum):
    """Distance of an address from this machine, nearest first."""

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


def nearest_reach(addresses: list[Address]) -> Reach:
    """Returns the reach of the nearest address."""
    return min((reach(address) for address in addresses), default=Reach.NOWHERE)

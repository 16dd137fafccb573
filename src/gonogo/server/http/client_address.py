"""Client address: what failed sign-ins are counted by."""

from __future__ import annotations

import ipaddress

from starlette.requests import Request

IPV6_PREFIX = 64
"""Length of the network that one subscriber of IPv6 gets at least; each of its addresses is theirs."""


def client_address(request: Request) -> str:
    """Address of the connection, or the one that a trusted proxy names; of IPv6 the network of 64 bits."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host[:100] or "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped or ipaddress.ip_network((address, IPV6_PREFIX), strict=False))

"""Addresses of the network, as limits count them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

# What one customer gets at the least: whoever has one address of it has all of them (RFC 6177).
COUNTED_PREFIX = 64


def plain(address: str) -> str:
    """The one way to write ``address``; an IPv4 address that came in an IPv6 one is itself. Raises ``ValueError``."""
    return str(_plain(address))


def counted_as(key: str) -> str:
    """What ``key`` counts as in limits: an IPv6 address as its network, anything else as it is."""
    try:
        address = _plain(key)
    except ValueError:
        return key
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, COUNTED_PREFIX), strict=False))
    return str(address)


def _plain(text: str) -> IPv4Address | IPv6Address:
    address = ip_address(text)
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address

"""The addresses from which a secret may be used, as networks; pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from functools import lru_cache

MOST_NETWORKS = 20
# ::ffff:192.0.2.1 means 192.0.2.1, in networks as in addresses.
MAPPED_BITS = 96
OWN_BITS = 64
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def normalised(texts: Iterable[str]) -> list[str]:
    """The networks as they are kept, single addresses as networks of one; ValueError names a wrong one."""
    return [str(_network(text.strip())) for text in texts if text.strip()]


def allows(networks: Sequence[str], address: str | None) -> bool:
    """True when the address lies in one of the networks, or there are none."""
    if not networks:
        return True
    found = _address(address or "")
    if found is None:
        return False
    return any(found in network for network in _networks(tuple(networks)))


def neighbourhood(address: str | None) -> str:
    """What counts as one client: an address, or the IPv6 network in which one machine takes as many as it likes."""
    found = _address(address or "")
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((found, OWN_BITS), strict=False))
    return str(found) if found is not None else address or ""


def within(inner: Sequence[str], outer: Sequence[str]) -> bool:
    """True when every inner network lies in an outer one; no networks means everywhere."""
    if not outer:
        return True
    wide = _networks(tuple(outer))
    return bool(inner) and all(
        any(_lies_in(network, other) for other in wide) for network in _networks(tuple(inner))
    )


def _lies_in(network: Network, other: Network) -> bool:
    if isinstance(network, ipaddress.IPv4Network):
        return isinstance(other, ipaddress.IPv4Network) and network.subnet_of(other)
    return isinstance(other, ipaddress.IPv6Network) and network.subnet_of(other)


@lru_cache(maxsize=1024)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(_network(text) for text in texts)


def _network(text: str) -> Network:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise ValueError(text) from error
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is not None and network.prefixlen >= MAPPED_BITS:
        return ipaddress.IPv4Network((mapped, network.prefixlen - MAPPED_BITS))
    return network


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An IPv4 client on a socket for both is written ::ffff:192.0.2.1 and means 192.0.2.1."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return mapped or found

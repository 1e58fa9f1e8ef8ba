"""Which network addresses the portal may be sent to by what people type in; pure, and quick to import."""

from __future__ import annotations

import ipaddress

# Cloud metadata that is not link-local: Alibaba's and Amazon's over IPv6.
METADATA = frozenset(map(ipaddress.ip_address, ("100.100.100.200", "fd00:ec2::254")))
# What NAT64 leads to the IPv4 address in its last 32 bits.
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_allowed(address: object, *, allow_private: bool) -> bool:
    """Whether a socket may connect there: a numeric address that is public, or private where that is open."""
    if not isinstance(address, tuple):
        return False
    try:
        found = ipaddress.ip_address(str(address[0]).partition("%")[0])
    except ValueError:
        return False
    found = _meant(found)
    if found in METADATA or found.is_link_local or found.is_multicast or found.is_unspecified:
        return False
    is_public = found.is_global and not getattr(found, "is_site_local", False)
    return is_public or allow_private


def _meant(found: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, where a gateway or the system leads there."""
    if isinstance(found, ipaddress.IPv4Address):
        return found
    if found in NAT64:
        return ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    return found.ipv4_mapped or found.sixtofour or found

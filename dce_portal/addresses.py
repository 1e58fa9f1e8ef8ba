"""Which network addresses the portal may be sent to by what people type in; pure, and quick to import."""

from __future__ import annotations

import ipaddress

# Cloud metadata that is not link-local: Alibaba's and Amazon's over IPv6.
METADATA = frozenset(map(ipaddress.ip_address, ("100.100.100.200", "fd00:ec2::254")))


def is_allowed(address: object, *, allow_private: bool) -> bool:
    """Whether a socket may connect there: a numeric address that is public, or private where that is open."""
    if not isinstance(address, tuple):
        return False
    try:
        found = ipaddress.ip_address(str(address[0]).partition("%")[0])
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    if found in METADATA or found.is_link_local or found.is_multicast or found.is_unspecified:
        return False
    return found.is_global or allow_private

"""Signs the agents' certificates."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from dce_portal.authority.certificates import (
    SERVER_AUTH,
    Wish,
    alternative_names,
    certificate_pem,
    fingerprint,
    leaf_certificate,
    utc_now,
)
from dce_portal.authority.files import AuthorityFiles, read_certificates
from dce_portal.authority.requests import agent_key, check_agent_name
from dce_portal.authority.state import own_files
from dce_portal.errors import InvalidInput

AGENT_DAYS = 90


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    """A certificate for an agent, and what the portal's tables keep of it."""

    certificate_pem: str
    serial_hex: str
    fingerprint_sha256: str
    authority_fingerprint: str
    issued_at: datetime
    expires_at: datetime


def sign_agent(
    csr_pem: str, *, server_name: str, addresses: Sequence[str], days: int = AGENT_DAYS
) -> IssuedCertificate:
    """Certify the request's key for this agent's name and addresses; InvalidInput when it must not be signed."""
    check_agent_name(server_name)
    key = agent_key(csr_pem, name=server_name)
    files, now = own_files(), utc_now()
    names = (server_name, *_foreign(addresses, files))
    with files.locked():
        issuer = files.current()
    wish = Wish(server_name, names, SERVER_AUTH, days)
    made = leaf_certificate(wish, public_key=key, by=issuer, now=now)
    return IssuedCertificate(
        certificate_pem=certificate_pem(made).decode("ascii"),
        serial_hex=format(made.serial_number, "x"),
        fingerprint_sha256=fingerprint(made),
        authority_fingerprint=fingerprint(issuer.certificate),
        issued_at=now,
        expires_at=made.not_valid_after_utc,
    )


def _foreign(addresses: Sequence[str], files: AuthorityFiles) -> list[str]:
    """Without the portal's own: with a certificate for them a node could pose as the portal."""
    served = read_certificates(files.server[0])
    own = alternative_names(served[0]) if served else frozenset()
    return [address for address in map(_checked, dict.fromkeys(addresses)) if address not in own]


def _checked(address: str) -> str:
    """In its usual spelling; a host name here would let a node pose as another host."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        raise InvalidInput(
            _("%(address)s is no IP address. Nothing was signed.") % {"address": address[:80]},
            field="addresses",
        ) from None

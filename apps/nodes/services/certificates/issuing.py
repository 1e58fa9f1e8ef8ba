"""Agents' certificates: issued by the portal's CA, noted in a row each, revoked by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from apps.accounts.audit import record_audit
from apps.nodes.models import AgentCertificate, EngineEndpoint
from dce_portal import authority
from dce_portal.operations import Target
from dce_portal.origin import Origin

LONGEST_REASON = 250


class IssuedToAgent(NamedTuple):
    """What was noted, and the certificate itself, which is kept by the agent alone."""

    certificate: AgentCertificate
    pem: str


def issue_agent_certificate(
    *, endpoint: EngineEndpoint, csr_pem: str, addresses: Sequence[str], origin: Origin
) -> IssuedToAgent:
    """Certify an agent's key under its endpoint's name; InvalidInput when the request must not be signed."""
    issued = authority.sign_agent(csr_pem, server_name=endpoint.server_name, addresses=addresses)
    with transaction.atomic():
        row = AgentCertificate.objects.create(
            endpoint=endpoint,
            name=endpoint.server_name,
            serial_hex=issued.serial_hex,
            fingerprint_sha256=issued.fingerprint_sha256,
            authority_fingerprint=issued.authority_fingerprint,
            issued_at=issued.issued_at,
            expires_at=issued.expires_at,
        )
        _audit("certificate.issue", row, origin, expires=issued.expires_at.isoformat())
    return IssuedToAgent(row, issued.certificate_pem)


def revoke_agent_certificates(endpoint: EngineEndpoint, *, reason: str, origin: Origin) -> int:
    """Refuse an agent from now on, whichever of its certificates it shows; returns how many were revoked."""
    return revoke_certificates_of(endpoint.server_name, reason=reason, origin=origin)


def revoke_certificates_of(name: str, *, reason: str, origin: Origin) -> int:
    """The same by the agent's name, which outlives its address; a renewed one must not leave an older one valid."""
    rows = AgentCertificate.objects.filter(name=name, revoked_at=None)
    return sum(_revoke(row, reason=reason, origin=origin) for row in rows)


def _revoke(row: AgentCertificate, *, reason: str, origin: Origin) -> bool:
    unrevoked = AgentCertificate.objects.filter(pk=row.pk, revoked_at=None)
    with transaction.atomic():
        changed = unrevoked.update(
            revoked_at=timezone.now(), revoked_reason=reason[:LONGEST_REASON]
        )
        if changed:
            _audit("certificate.revoke", row, origin, reason=reason)
    return bool(changed)


def _audit(action: str, row: AgentCertificate, origin: Origin, **detail: str) -> None:
    record_audit(
        action,
        origin=origin,
        target=Target("agent_certificate", str(row.pk), row.name),
        detail={"serial": row.serial_hex, **detail},
    )

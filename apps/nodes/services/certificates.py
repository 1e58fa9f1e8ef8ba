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
    """Refuse an agent from now on, whatever certificate of the past it shows; returns how many were revoked."""
    rows = AgentCertificate.objects.filter(name=endpoint.server_name).exclude(name="")
    return sum(revoke_certificate(row, reason=reason, origin=origin) for row in rows)


def revoke_certificate(row: AgentCertificate, *, reason: str, origin: Origin) -> bool:
    """Refuse whoever shows this certificate; False when it was revoked before."""
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

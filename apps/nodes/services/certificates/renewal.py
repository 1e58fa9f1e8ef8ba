"""Keeps every agent's certificate and CAs as they shall be, asking its keeper; doing so twice does no harm."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from datetime import datetime
from urllib.parse import urlsplit

import structlog
from django.utils import timezone

from apps.nodes import backends
from apps.nodes.models import AgentCertificate, EngineEndpoint
from apps.nodes.ports import AgentKeeperPort, KeptCertificate
from apps.nodes.selectors import address_of, agents_with_certificate
from apps.nodes.services.certificates.issuing import issue_agent_certificate
from dce_portal import authority
from dce_portal.errors import PortalError
from dce_portal.origin import PORTAL, Origin

log = structlog.get_logger(__name__)


def renew_due_certificates() -> list[EngineEndpoint]:
    """Bring every agent up to date; returns those that did not follow."""
    behind = [one for one in agents_with_certificate() if not bring_up_to_date(one, origin=PORTAL)]
    if behind:
        log.warning("agents_behind", agents=[one.url for one in behind])
    return behind


def bring_up_to_date(endpoint: EngineEndpoint, *, origin: Origin) -> bool:
    """Renew what is due and replace the CAs where they differ; False when the agent did not follow, as noted then."""
    try:
        _bring_up_to_date(endpoint, origin)
    except PortalError as error:
        _note(endpoint, error.message)
        return False
    _note(endpoint, "")
    return True


def share_authorities(endpoint: EngineEndpoint) -> bool:
    """Have an agent trust the present bundle, and nothing more; False when it did not, as noted then."""
    try:
        ask_keeper(endpoint, lambda keeper: keeper.trust(authority.bundle_pem()))
    except PortalError as error:
        _note(endpoint, error.message)
        return False
    return True


def ask_keeper[Answer](
    endpoint: EngineEndpoint, question: Callable[[AgentKeeperPort], Awaitable[Answer]]
) -> Answer:
    """The answer of an agent's keeper to one question."""

    address = address_of(endpoint)

    async def asked() -> Answer:
        keeper = backends.keeper_port(address)
        try:
            return await question(keeper)
        finally:
            await keeper.close()

    return asyncio.run(asked())


def _bring_up_to_date(endpoint: EngineEndpoint, origin: Origin) -> None:
    kept = ask_keeper(endpoint, lambda keeper: keeper.certificate())
    if _is_due(endpoint, kept, now=timezone.now()):
        _renew(endpoint, origin)
    elif kept.authorities != authority.bundle_fingerprints():
        ask_keeper(endpoint, lambda keeper: keeper.trust(authority.bundle_pem()))


def _is_due(endpoint: EngineEndpoint, kept: KeptCertificate, *, now: datetime) -> bool:
    """What the agent bears counts: one that was issued may never have arrived."""
    row = AgentCertificate.objects.filter(
        name=endpoint.server_name, serial_hex=kept.serial_hex
    ).first()
    if row is None or row.authority_fingerprint != authority.current_fingerprint():
        return True
    return now >= row.issued_at + (row.expires_at - row.issued_at) * 2 / 3


def _renew(endpoint: EngineEndpoint, origin: Origin) -> None:
    csr_pem = ask_keeper(endpoint, lambda keeper: keeper.request())
    issued = issue_agent_certificate(
        endpoint=endpoint, csr_pem=csr_pem, addresses=_addresses(endpoint), origin=origin
    )
    ca_pem = authority.bundle_pem()
    ask_keeper(endpoint, lambda keeper: keeper.install(certificate_pem=issued.pem, ca_pem=ca_pem))


def _addresses(endpoint: EngineEndpoint) -> list[str]:
    host = urlsplit(endpoint.url).hostname or ""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        return []


def _note(endpoint: EngineEndpoint, sentence: str) -> None:
    rows = EngineEndpoint.objects.filter(pk=endpoint.pk)
    rows.exclude(certificate_error=sentence).update(certificate_error=sentence)

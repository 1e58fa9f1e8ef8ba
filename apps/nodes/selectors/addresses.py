"""Where engines and agents are asked, and with which certificates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from django.utils import timezone

from apps.nodes.models import (
    AgentCertificate,
    Cluster,
    EngineEndpoint,
)
from apps.nodes.ports import EngineAddress, TlsFiles
from dce_portal import authority

Revoked = Mapping[str, frozenset[str]]


def revoked_fingerprints() -> Revoked:
    """Under each agent's name the certificates that it may show no more, as long as their dates hold."""
    rows = AgentCertificate.objects.filter(revoked_at__isnull=False, expires_at__gt=timezone.now())
    found: dict[str, set[str]] = defaultdict(set)
    for name, fingerprint in rows.values_list("name", "fingerprint_sha256"):
        found[name].add(fingerprint)
    return {name: frozenset(fingerprints) for name, fingerprints in found.items()}


def address_of(
    endpoint: EngineEndpoint, *, revoked: Revoked | None = None, files: TlsFiles | None = None
) -> EngineAddress:
    """An engine's address with its TLS files, an agent's with the controller's own; none for a unix socket.

    Whoever needs many addresses reads `revoked_fingerprints` and `controller_files` once and hands them in.
    """
    if endpoint.kind == EngineEndpoint.Kind.AGENT:
        return _agents_address(endpoint, revoked, files)
    has_tls = bool(endpoint.tls_ca or endpoint.tls_cert)
    files = TlsFiles(ca=endpoint.tls_ca, cert=endpoint.tls_cert, key=endpoint.tls_key)
    return EngineAddress(url=endpoint.url, tls=files if has_tls else None)


def _agents_address(
    endpoint: EngineEndpoint, revoked: Revoked | None, files: TlsFiles | None
) -> EngineAddress:
    name = endpoint.server_name
    if endpoint.url.startswith("unix:"):
        return EngineAddress(url=endpoint.url, server_name=name)
    known = revoked_fingerprints() if revoked is None else revoked
    own, refused = files or controller_files(), known.get(name)
    tls = replace(own, refused=refused) if refused else own
    return EngineAddress(url=endpoint.url, tls=tls, server_name=name)


def controller_files(*, refused: frozenset[str] = frozenset()) -> TlsFiles:
    """What the portal trusts agents by, and the certificate that it shows them."""
    files = authority.controller_tls()
    return TlsFiles(
        ca=str(files.bundle),
        cert=str(files.certificate),
        key=str(files.key),
        refused=refused,
        version=files.version,
    )


def agents_with_certificate() -> list[EngineEndpoint]:
    """The agents that can be asked: those with a certificate that is neither revoked nor expired."""
    alive = AgentCertificate.objects.filter(revoked_at=None, expires_at__gt=timezone.now())
    agents = EngineEndpoint.objects.filter(kind=EngineEndpoint.Kind.AGENT)
    return list(agents.filter(server_name__in=alive.values("name")).order_by("pk"))


def manager_addresses(cluster: Cluster) -> tuple[EngineAddress, ...]:
    """Where the cluster can be asked: its managers' addresses, or every address of single engines."""
    endpoints = cluster.endpoints.order_by("failures", "-from_settings", "pk")
    if cluster.kind != Cluster.Kind.ENGINES:
        endpoints = endpoints.filter(is_manager=True)
    revoked = revoked_fingerprints()
    return tuple(address_of(endpoint, revoked=revoked) for endpoint in endpoints)

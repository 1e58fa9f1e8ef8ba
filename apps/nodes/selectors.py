"""Reads of clusters, nodes and engine addresses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, Model, Q, QuerySet
from django.db.models.functions import Mod
from django.utils import timezone

from apps.accounts.models import User
from apps.nodes.models import (
    AgentCertificate,
    Cluster,
    ClusterEvent,
    Condition,
    EngineDiskUsage,
    EngineEndpoint,
    Node,
)
from apps.nodes.ports import EngineAddress, TlsFiles
from apps.nodes.ports.cluster_facts import ClusterFacts
from apps.nodes.rules.swarm_words import quorum_line
from apps.workloads.selectors import counts_of_cluster, names_in_services
from dce_portal import authority

Viewer = User | AnonymousUser
MOST_ROWS_A_PAGE = 200


@dataclass(frozen=True, slots=True)
class PollTarget:
    """Something to ask regularly: a Swarm through its managers, or one engine."""

    kind: str
    pk: int
    addresses: tuple[EngineAddress, ...]


def clusters_visible_to(user: Viewer) -> QuerySet[Cluster]:
    """Clusters, for those who may see them."""
    return _visible(Cluster.objects.all(), user)


def nodes_visible_to(user: Viewer) -> QuerySet[Node]:
    """Nodes with their cluster and engine address."""
    return _visible(Node.objects.select_related("cluster", "endpoint"), user)


def events_visible_to(user: Viewer) -> QuerySet[ClusterEvent]:
    """What changed, with cluster and node."""
    return _visible(ClusterEvent.objects.select_related("cluster", "node"), user)


def _visible[Row: Model](rows: QuerySet[Row], user: Viewer) -> QuerySet[Row]:
    options = rows.model._meta
    permission = f"{options.app_label}.view_{options.model_name}"
    return rows if user.is_active and user.has_perm(permission) else rows.none()


Revoked = Mapping[str, frozenset[str]]


def revoked_fingerprints() -> Revoked:
    """Under each agent's name the certificates that it may show no more, as long as their dates hold."""
    rows = AgentCertificate.objects.filter(revoked_at__isnull=False, expires_at__gt=timezone.now())
    found: dict[str, set[str]] = defaultdict(set)
    for name, fingerprint in rows.values_list("name", "fingerprint_sha256"):
        found[name].add(fingerprint)
    return {name: frozenset(fingerprints) for name, fingerprints in found.items()}


def address_of(endpoint: EngineEndpoint, *, revoked: Revoked | None = None) -> EngineAddress:
    """An engine's address with its TLS files, an agent's with the controller's own; none for a unix socket.

    Whoever needs many addresses reads `revoked_fingerprints` once and hands it in.
    """
    if endpoint.kind == EngineEndpoint.Kind.AGENT:
        return _agents_address(endpoint, revoked)
    has_tls = bool(endpoint.tls_ca or endpoint.tls_cert)
    files = TlsFiles(ca=endpoint.tls_ca, cert=endpoint.tls_cert, key=endpoint.tls_key)
    return EngineAddress(url=endpoint.url, tls=files if has_tls else None)


def _agents_address(endpoint: EngineEndpoint, revoked: Revoked | None) -> EngineAddress:
    name = endpoint.server_name
    if endpoint.url.startswith("unix:"):
        return EngineAddress(url=endpoint.url, server_name=name)
    known = revoked_fingerprints() if revoked is None else revoked
    tls = controller_files(refused=known.get(name, frozenset()))
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


def authority_page(user: Viewer) -> dict[str, Any]:
    """What the page of agents' certificates says of the CA itself."""
    current = authority.current_authority()
    if current is None:
        return {"authority": None}
    agents = agents_with_certificate()
    return {
        "authority": current,
        "retiring": authority.retiring_authority(),
        "stage": str(authority.rotation_stage()),
        "waiting": [agent for agent in agents if agent.certificate_error][:MOST_ROWS_A_PAGE],
        "agent_count": len(agents),
        "https_expires_at": authority.https_expires_at(),
        "can_rotate": user.has_perm("nodes.manage_cluster"),
    }


def certificate_page(user: Viewer, certificate: AgentCertificate) -> dict[str, Any]:
    """What the page of one certificate shows beside its fields."""
    can_revoke = certificate.revoked_at is None and user.has_perm("nodes.remove_node")
    return {"certificate": certificate, "can_revoke": can_revoke}


def manager_addresses(cluster: Cluster) -> tuple[EngineAddress, ...]:
    """Where the cluster can be asked: its managers' addresses, or every address of single engines."""
    endpoints = cluster.endpoints.order_by("failures", "-from_settings", "pk")
    if cluster.kind != Cluster.Kind.ENGINES:
        endpoints = endpoints.filter(is_manager=True)
    revoked = revoked_fingerprints()
    return tuple(address_of(endpoint, revoked=revoked) for endpoint in endpoints)


def poll_targets(*, shard: int, shards: int) -> Iterator[PollTarget]:
    """What one shard asks: its Swarms and its engines; single engines are their own cluster's source."""
    revoked = revoked_fingerprints()
    swarms = Cluster.objects.annotate(shard=Mod(F("pk"), shards)).filter(shard=shard)
    for cluster in swarms.filter(kind=Cluster.Kind.SWARM).prefetch_related("endpoints"):
        managers = [row for row in cluster.endpoints.all() if row.is_manager]
        managers.sort(key=lambda row: (not row.from_settings, row.pk))
        if managers:
            yield PollTarget(
                "cluster", cluster.pk, tuple(address_of(row, revoked=revoked) for row in managers)
            )
    yield from _standalone_targets(swarms)
    asked_alone = EngineEndpoint.objects.exclude(kind=EngineEndpoint.Kind.STANDALONE)
    for endpoint in asked_alone.annotate(shard=Mod(F("pk"), shards)).filter(shard=shard):
        kind = "agent" if endpoint.kind == EngineEndpoint.Kind.AGENT else "engine"
        yield PollTarget(kind, endpoint.pk, (address_of(endpoint, revoked=revoked),))


def _standalone_targets(clusters: QuerySet[Cluster]) -> Iterator[PollTarget]:
    """A standalone Swarm's managers, who tell of all its nodes; its key store is asked apart, with their TLS files."""
    rows = clusters.filter(kind=Cluster.Kind.STANDALONE)
    for cluster in rows.prefetch_related("endpoints"):
        managers = sorted(cluster.endpoints.all(), key=lambda row: row.pk)
        addresses = tuple(address_of(row) for row in managers)
        if addresses:
            yield PollTarget("standalone", cluster.pk, addresses)
        if addresses and cluster.discovery_url:
            store = EngineAddress(url=cluster.discovery_url, tls=addresses[0].tls)
            yield PollTarget("discovery", cluster.pk, (store,))


def endpoints_of_topics(topics: Collection[str]) -> frozenset[int]:
    """The addresses of the nodes that topics such as `node:7` and `container:9` are about."""
    refs = _numbers_by_kind(topics)
    watched = Q(node__in=refs.get("node", ())) | Q(node__containers__in=refs.get("container", ()))
    rows = EngineEndpoint.objects.filter(watched, kind=EngineEndpoint.Kind.AGENT)
    return frozenset(rows.values_list("pk", flat=True))


def _numbers_by_kind(topics: Collection[str]) -> dict[str, list[int]]:
    refs: dict[str, list[int]] = {}
    for kind, _colon, ref in (topic.partition(":") for topic in topics):
        if ref.isascii() and ref.isdigit():
            refs.setdefault(kind, []).append(int(ref))
    return refs


def outstanding_join_lines(cluster: Cluster) -> int:
    """How many join tokens of the portal may still be used for this cluster."""
    alive = cluster.join_tokens.filter(revoked_at=None, expires_at__gt=timezone.now())
    return alive.filter(uses_taken__lt=F("uses_allowed")).count()


def disk_usage_of(node: Node) -> EngineDiskUsage | None:
    """What the node's disk held when it was last measured."""
    return EngineDiskUsage.objects.filter(node=node).first()


def images_that_services_need(node: Node, images: Iterable[str]) -> list[str]:
    """Those of the images that a service of the node's cluster names, by tag or by digest."""
    unused = set(images)
    return sorted(unused & set(names_in_services(node.cluster_id)))


def rows_of_cluster(cluster: Cluster) -> dict[str, int]:
    """How much is known of a cluster, and at how many addresses that only this page knows."""
    return {
        **counts_of_cluster(cluster.pk),
        "nodes": cluster.nodes.count(),
        "addresses": cluster.endpoints.filter(from_settings=False).count(),
    }


def knows_containers(node: Node) -> bool:
    """Whether the portal hears of the node's containers: from its engine, or from a standalone Swarm's managers."""
    is_told = node.cluster.kind == Cluster.Kind.STANDALONE
    return is_told or getattr(node, "endpoint", None) is not None


def cluster_page(user: Viewer, cluster: Cluster) -> dict[str, Any]:
    """What the cluster's page shows beside its nodes' usage, each part only to those who may see it."""
    endpoints = _visible(EngineEndpoint.objects.select_related("node"), user)
    return {
        "cluster": cluster,
        **swarm_page(cluster),
        "endpoints": list(endpoints.filter(cluster=cluster)[:MOST_ROWS_A_PAGE]),
        "can_add_endpoint": user.has_perm("nodes.add_engineendpoint"),
        "events": list(events_visible_to(user).filter(cluster=cluster)[:20]),
    }


def swarm_page(cluster: Cluster) -> dict[str, Any]:
    """What a Swarm said of itself last; nothing for other clusters, and before the first answer."""
    facts = ClusterFacts.from_columns(cluster.facts)
    if facts is None:
        return {}
    is_lost = cluster.condition == Condition.NO_LEADER
    return {"facts": facts, "quorum_line": quorum_line(facts.managers, is_lost=is_lost)}


def endpoint_page(endpoint: EngineEndpoint) -> dict[str, Any]:
    """What the engine address's page shows above its form."""
    return {"endpoint": endpoint, "was_asked": bool(endpoint.last_ok_at or endpoint.last_error)}

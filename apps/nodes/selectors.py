"""Reads of clusters, nodes and engine addresses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, Model, QuerySet
from django.db.models.functions import Mod

from apps.accounts.models import User
from apps.nodes.models import Cluster, ClusterEvent, EngineEndpoint, Node
from apps.nodes.ports import EngineAddress, TlsFiles
from apps.workloads.selectors import tasks_that_would_move

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


def address_of(endpoint: EngineEndpoint) -> EngineAddress:
    """An engine's address with its TLS files; none for a unix socket."""
    has_tls = bool(endpoint.tls_ca or endpoint.tls_cert)
    files = TlsFiles(ca=endpoint.tls_ca, cert=endpoint.tls_cert, key=endpoint.tls_key)
    return EngineAddress(url=endpoint.url, tls=files if has_tls else None)


def manager_addresses(cluster: Cluster) -> tuple[EngineAddress, ...]:
    """Where the cluster can be asked: its managers' addresses, or every address of single engines."""
    endpoints = cluster.endpoints.order_by("failures", "-from_settings", "pk")
    if cluster.kind == Cluster.Kind.SWARM:
        endpoints = endpoints.filter(is_manager=True)
    return tuple(address_of(endpoint) for endpoint in endpoints)


def poll_targets(*, shard: int, shards: int) -> Iterator[PollTarget]:
    """What one shard asks: its Swarms and its engines; single engines are their own cluster's source."""
    swarms = Cluster.objects.annotate(shard=Mod(F("pk"), shards)).filter(shard=shard)
    for cluster in swarms.filter(kind=Cluster.Kind.SWARM).prefetch_related("endpoints"):
        managers = [row for row in cluster.endpoints.all() if row.is_manager]
        managers.sort(key=lambda row: (not row.from_settings, row.pk))
        if managers:
            yield PollTarget("cluster", cluster.pk, tuple(address_of(row) for row in managers))
    for endpoint in EngineEndpoint.objects.annotate(shard=Mod(F("pk"), shards)).filter(shard=shard):
        yield PollTarget("engine", endpoint.pk, (address_of(endpoint),))


def what_would_move(node: Node) -> list[Any]:
    """The tasks that a drain of this node ends here and starts elsewhere."""
    return list(tasks_that_would_move(node)[:MOST_ROWS_A_PAGE])


def cluster_page(user: Viewer, cluster: Cluster) -> dict[str, Any]:
    """What the cluster's page shows beside its nodes' usage, each part only to those who may see it."""
    endpoints = _visible(EngineEndpoint.objects.select_related("node"), user)
    return {
        "cluster": cluster,
        "endpoints": list(endpoints.filter(cluster=cluster)[:MOST_ROWS_A_PAGE]),
        "can_add_endpoint": user.has_perm("nodes.add_engineendpoint"),
        "events": list(events_visible_to(user).filter(cluster=cluster)[:20]),
    }


def endpoint_page(endpoint: EngineEndpoint) -> dict[str, Any]:
    """What the engine address's page shows above its form."""
    return {"endpoint": endpoint, "was_asked": bool(endpoint.last_ok_at or endpoint.last_error)}

"""What the pages of clusters and of engines' addresses show."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.utils import timezone

from apps.nodes.models import (
    Cluster,
    Condition,
    EngineEndpoint,
)
from apps.nodes.ports.cluster_facts import ClusterFacts
from apps.nodes.rules.swarm_words import quorum_line
from apps.nodes.selectors.visible import MOST_ROWS_A_PAGE, Viewer, events_visible_to, shown_to
from apps.workloads.selectors import counts_of_cluster


def outstanding_join_lines(cluster: Cluster) -> int:
    """How many join tokens of the portal may still be used for this cluster."""
    alive = cluster.join_tokens.filter(revoked_at=None, expires_at__gt=timezone.now())
    return alive.filter(uses_taken__lt=F("uses_allowed")).count()


def rows_of_cluster(cluster: Cluster) -> dict[str, int]:
    """How much is known of a cluster, and at how many addresses that only this page knows."""
    return {
        **counts_of_cluster(cluster.pk),
        "nodes": cluster.nodes.count(),
        "addresses": cluster.endpoints.filter(from_settings=False).count(),
    }


def cluster_page(user: Viewer, cluster: Cluster) -> dict[str, Any]:
    """What the cluster's page shows beside its nodes' usage, each part only to those who may see it."""
    endpoints = shown_to(EngineEndpoint.objects.select_related("node"), user)
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

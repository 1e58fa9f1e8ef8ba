"""What the pages show of a standalone Swarm beside its nodes: its managers, and its key store."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from apps.nodes.discovery_facts import discovery_card
from apps.nodes.models import Cluster
from apps.nodes.selectors import Viewer


def standalone_page(user: Viewer, cluster: Cluster) -> dict[str, Any]:
    """The managers and the key store, for those who may see nodes; nothing for another kind of cluster."""
    is_shown = cluster.kind == Cluster.Kind.STANDALONE and user.has_perm("nodes.view_node")
    if not is_shown:
        return {}
    return {
        "standalone": cluster.facts.get("standalone", {}),
        "discovery": _discovery(cluster),
        "can_change_standalone": user.has_perm("nodes.change_engineendpoint"),
        "can_forget_standalone": user.has_perm("nodes.delete_engineendpoint"),
    }


def _discovery(cluster: Cluster) -> dict[str, Any] | None:
    facts = cluster.facts.get("discovery")
    if not cluster.discovery_url or not facts:
        return None
    nodes = dict(cluster.nodes.values_list("native_id", "hostname"))
    return discovery_card(facts, nodes=nodes, now=timezone.now())

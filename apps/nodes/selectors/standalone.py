"""What the pages show of a standalone Swarm beside its nodes: its managers, and its key store."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.nodes.models import Cluster
from apps.nodes.rules.discovery_facts import discovery_card
from apps.nodes.selectors.visible import Viewer
from dce_portal.errors import NotFound


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


def standalone_state(cluster: Cluster) -> dict[str, Any]:
    """How its managers and its key store answered last; NotFound for another kind of cluster."""
    if cluster.kind != Cluster.Kind.STANDALONE:
        raise NotFound(_("%(name)s is not a standalone Swarm.") % {"name": cluster.name})
    kept = cluster.facts.get("standalone", {})
    return {
        "managers": kept.get("managers", []),
        "strategy": kept.get("strategy", ""),
        "filters": kept.get("filters", ""),
        "discovery": _discovery(cluster),
    }


def _discovery(cluster: Cluster) -> dict[str, Any] | None:
    facts = cluster.facts.get("discovery")
    if not cluster.discovery_url or not facts:
        return None
    nodes = dict(cluster.nodes.values_list("native_id", "hostname"))
    return discovery_card(facts, nodes=nodes, now=timezone.now())

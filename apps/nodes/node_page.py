"""Reads what a node's page shows, each part only to those who may see it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.nodes.models import EngineDiskUsage, EngineEndpoint, Node
from apps.nodes.selectors import MOST_ROWS_A_PAGE, Viewer, events_visible_to
from apps.nodes.swarm_ports import DiskUsage
from apps.workloads.selectors import containers_visible_to, images_visible_to, tasks_visible_to

MOST_EVENTS = 50
MOST_CERTIFICATES = 10
CLOCK_TOLERANCE_S = 2.0


def node_page(user: Viewer, node: Node) -> dict[str, Any]:
    """Everything at once: a fixed number of queries, whatever runs there."""
    endpoint = EngineEndpoint.objects.filter(node=node).first()
    return {
        "node": node,
        "endpoint": endpoint,
        "can_add_endpoint": user.has_perm("nodes.add_engineendpoint"),
        "events": list(events_visible_to(user).filter(node=node)[:MOST_EVENTS]),
        "labels": sorted(node.labels.items()),
        "engine_labels": sorted(node.engine_labels.items()),
        "disk": _disk(node),
        **_workloads(user, node),
        **_connection(node, endpoint),
    }


def _workloads(user: Viewer, node: Node) -> dict[str, Any]:
    containers = containers_visible_to(user).filter(node=node).order_by("state", "name")
    tasks = tasks_visible_to(user).filter(node=node).order_by("desired_state", "-updated_at")
    images = images_visible_to(user).filter(node=node).order_by("-size_bytes", "pk")
    return {
        "containers": list(containers[:MOST_ROWS_A_PAGE]),
        "tasks": list(tasks[:MOST_ROWS_A_PAGE]),
        "images": list(images[:MOST_ROWS_A_PAGE]),
        "image_count": images.count(),
    }


def _connection(node: Node, endpoint: EngineEndpoint | None) -> dict[str, Any]:
    certificates = list(endpoint.certificates.all()[:MOST_CERTIFICATES]) if endpoint else []
    return {
        "certificate": certificates[0] if certificates else None,
        "certificates": certificates,
        "clock_is_off": abs(node.clock_skew_s or 0) > CLOCK_TOLERANCE_S,
    }


def _disk(node: Node) -> dict[str, Any] | None:
    """The newest measurement of the engine's disk, if anybody ever asked for one."""
    kept = EngineDiskUsage.objects.filter(node=node).first()
    if kept is None:
        return None
    usage = DiskUsage.from_columns(kept.usage)
    rows = (
        (_("Images"), usage.images),
        (_("of these without a tag"), usage.dangling_images),
        (_("Containers"), usage.containers),
        (_("Volumes"), usage.volumes),
        (_("Build cache"), usage.build_cache),
    )
    return {"measured_at": kept.measured_at, "rows": rows}

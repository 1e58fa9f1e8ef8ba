"""Reads what a node's page shows, each part only to those who may see it."""

from __future__ import annotations

from typing import Any

from apps.nodes.models import EngineEndpoint, Node
from apps.nodes.rules.swarm_words import measured_disk
from apps.nodes.selectors import (
    MOST_ROWS_A_PAGE,
    Viewer,
    disk_usage_of,
    events_visible_to,
    knows_containers,
)
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
        "knows_containers": knows_containers(node),
        "can_add_endpoint": user.has_perm("nodes.add_engineendpoint"),
        "events": list(events_visible_to(user).filter(node=node)[:MOST_EVENTS]),
        "labels": sorted(node.labels.items()),
        "engine_labels": sorted(node.engine_labels.items()),
        "disk": measured_disk(disk_usage_of(node)),
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

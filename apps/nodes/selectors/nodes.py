"""Reads about one node."""

from __future__ import annotations

from collections.abc import Iterable

from apps.nodes.models import (
    Cluster,
    EngineDiskUsage,
    Node,
)
from apps.workloads.selectors import names_in_services


def disk_usage_of(node: Node) -> EngineDiskUsage | None:
    """What the node's disk held when it was last measured."""
    return EngineDiskUsage.objects.filter(node=node).first()


def images_that_services_need(node: Node, images: Iterable[str]) -> list[str]:
    """Those of the images that a service of the node's cluster names, by tag or by digest."""
    unused = set(images)
    return sorted(unused & set(names_in_services(node.cluster_id)))


def knows_containers(node: Node) -> bool:
    """Whether the portal hears of the node's containers: from its engine, or from a standalone Swarm's managers."""
    is_told = node.cluster.kind == Cluster.Kind.STANDALONE
    return is_told or getattr(node, "endpoint", None) is not None

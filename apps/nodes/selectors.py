"""What reads in this app."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.nodes.models import Cluster, ClusterEvent, Node


def clusters_visible_to(user: User) -> QuerySet[Cluster]:
    """The clusters that this person may see."""
    clusters = Cluster.objects.all()
    return clusters if user.has_perm("nodes.view_cluster") else clusters.none()


def nodes_visible_to(user: User) -> QuerySet[Node]:
    """The nodes that this person may see."""
    nodes = Node.objects.select_related("cluster", "endpoint")
    return nodes if user.has_perm("nodes.view_node") else nodes.none()


def events_visible_to(user: User) -> QuerySet[ClusterEvent]:
    """The cluster events that this person may see."""
    events = ClusterEvent.objects.select_related("cluster", "node")
    return events if user.has_perm("nodes.view_clusterevent") else events.none()

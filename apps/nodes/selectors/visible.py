"""Who may see which rows of this app; the other selectors start here."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet

from apps.accounts.models import User
from apps.nodes.models import (
    Cluster,
    ClusterEvent,
    Node,
)

Viewer = User | AnonymousUser
MOST_ROWS_A_PAGE = 200


def clusters_visible_to(user: Viewer) -> QuerySet[Cluster]:
    """Clusters, for those who may see them."""
    return shown_to(Cluster.objects.all(), user)


def nodes_visible_to(user: Viewer) -> QuerySet[Node]:
    """Nodes with their cluster and engine address."""
    return shown_to(Node.objects.select_related("cluster", "endpoint"), user)


def events_visible_to(user: Viewer) -> QuerySet[ClusterEvent]:
    """What changed, with cluster and node."""
    return shown_to(ClusterEvent.objects.select_related("cluster", "node"), user)


def shown_to[Row: Model](rows: QuerySet[Row], user: Viewer) -> QuerySet[Row]:
    """All of the rows for whoever has the right to view their kind; none for others."""
    options = rows.model._meta
    permission = f"{options.app_label}.view_{options.model_name}"
    return rows if user.is_active and user.has_perm(permission) else rows.none()

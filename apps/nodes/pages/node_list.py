"""What the list of nodes shows beside the mirror's own columns."""

from __future__ import annotations

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from apps.accounts.models import User
from apps.metrics.selectors import latest_figures, may_watch_cluster
from apps.nodes.models import AgentCertificate, Node
from apps.nodes.selectors import clusters_visible_to

MOST_WATCHED = 20


def with_list_columns(nodes: QuerySet[Node]) -> QuerySet[Node]:
    """Add latest figures, running tasks and the end of the agent's certificate, as columns of the same query."""
    valid = AgentCertificate.objects.filter(endpoint__node=OuterRef("pk"), revoked_at=None)
    running = Q(tasks__state="running", tasks__desired_state="running")
    return nodes.annotate(
        cpu_in_use=latest_figures("node", "cpu_cores"),
        memory_in_use=latest_figures("node", "memory_bytes"),
        disk_in_use=latest_figures("node", "disk_used_bytes"),
        disk_size=latest_figures("node", "disk_total_bytes"),
        task_count=Count("tasks", filter=running),
        certificate_expires_at=Subquery(valid.order_by("-issued_at").values("expires_at")[:1]),
    )


def watched_clusters(user: User) -> list[int]:
    """Whose live frames the list listens to."""
    if not may_watch_cluster(user):
        return []
    return list(clusters_visible_to(user).values_list("pk", flat=True)[:MOST_WATCHED])


def usage_bar(name: str, used: float | None, whole: float | None, *, text: str) -> SafeString:
    """A bar with its whole as text; a dash where nothing is measured."""
    share = min(1.0, used / whole) if used is not None and whole else None
    context = {"name": name, "share": share, "text": text}
    return mark_safe(render_to_string("nodes/usage_bar.html", context))  # noqa: S308 - a template escapes

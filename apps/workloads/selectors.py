"""Reads of services, tasks, containers and images, each only for those who may see them."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet, Sum

from apps.accounts.models import User
from apps.nodes.models import Node
from apps.workloads.models import Container, EngineImage, Service, Task

Viewer = User | AnonymousUser


def services_visible_to(user: Viewer) -> QuerySet[Service]:
    """Services with their cluster."""
    return _visible(Service.objects.select_related("cluster"), user)


def tasks_visible_to(user: Viewer) -> QuerySet[Task]:
    """Tasks with their cluster, service and node."""
    return _visible(Task.objects.select_related("cluster", "service", "node"), user)


def containers_visible_to(user: Viewer) -> QuerySet[Container]:
    """Containers with their node, its cluster, and their service."""
    return _visible(Container.objects.select_related("node__cluster", "service"), user)


def images_visible_to(user: Viewer) -> QuerySet[EngineImage]:
    """Images with their node and its cluster."""
    return _visible(EngineImage.objects.select_related("node__cluster"), user)


def _visible[Row: Model](rows: QuerySet[Row], user: Viewer) -> QuerySet[Row]:
    options = rows.model._meta
    permission = f"{options.app_label}.view_{options.model_name}"
    return rows if user.is_active and user.has_perm(permission) else rows.none()


def task_totals(cluster_id: int) -> dict[str, int]:
    """How many tasks the cluster's services want, and how many run on nodes that are ready."""
    services = Service.objects.filter(cluster_id=cluster_id)
    totals = services.aggregate(running=Sum("running_tasks"), desired=Sum("desired_tasks"))
    return {name: total or 0 for name, total in totals.items()}


def tasks_that_would_move(node: Node) -> QuerySet[Task]:
    """What a drain of this node ends here and starts elsewhere."""
    tasks = Task.objects.filter(node=node, desired_state="running").select_related("service")
    return tasks.exclude(state__in=("failed", "rejected", "complete", "shutdown"))

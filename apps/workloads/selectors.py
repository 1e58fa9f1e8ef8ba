"""What reads in this app."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.workloads.models import Container, EngineImage, Service, Task


def services_visible_to(user: User) -> QuerySet[Service]:
    """The services that this person may see."""
    rows = Service.objects.select_related("cluster")
    return rows if user.has_perm("workloads.view_service") else rows.none()


def tasks_visible_to(user: User) -> QuerySet[Task]:
    """The tasks that this person may see."""
    rows = Task.objects.select_related("cluster", "service", "node")
    return rows if user.has_perm("workloads.view_task") else rows.none()


def containers_visible_to(user: User) -> QuerySet[Container]:
    """The containers that this person may see."""
    rows = Container.objects.select_related("node__cluster", "service")
    return rows if user.has_perm("workloads.view_container") else rows.none()


def images_visible_to(user: User) -> QuerySet[EngineImage]:
    """The engines' images that this person may see."""
    rows = EngineImage.objects.select_related("node__cluster")
    return rows if user.has_perm("workloads.view_engineimage") else rows.none()

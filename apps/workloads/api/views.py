"""Services, tasks, containers and the engines' images in the API: mirrors, to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.decorators import action

from apps.nodes.api.actions import ActionViewSet, previews, starts_operation
from apps.workloads import selectors, stacks
from apps.workloads.api.filters import (
    ContainerFilters,
    ImageFilters,
    ServiceFilters,
    StackFilters,
    TaskFilters,
)
from apps.workloads.api.logs import LogsAction
from apps.workloads.api.serializers import (
    ContainerSerializer,
    ImageSerializer,
    ServiceSerializer,
    StackSerializer,
    TaskSerializer,
)
from apps.workloads.models import Container, EngineImage, Service, Stack, Task
from dce_portal.api.viewsets import ReadOnlyViewSet

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request
    from rest_framework.response import Response


class ServiceViewSet(LogsAction, ActionViewSet):
    """Swarm services, and what can be done to them."""

    model = Service
    serializer_class = ServiceSerializer
    filterset_class = ServiceFilters
    ordering = ("name", "pk")
    previewed = ("rebalance",)
    action_permissions = {"rebalance": "nodes.operate_node", **LogsAction.action_permissions}

    def select(self) -> QuerySet[Service]:
        """All that the person may see."""
        return selectors.services_visible_to(self.person)

    @previews("rebalance")
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def preview(self, request: Request, pk: str) -> Response:
        """Tell what an action would do to the service now, and why it cannot be done where that is so."""
        return self.told(request)

    @starts_operation()
    @action(detail=True, methods=["post"])
    def rebalance(self, request: Request, pk: str) -> Response:
        """Restart the service's tasks, so that the Swarm spreads them over all nodes anew."""
        self.body()
        return self.start("rebalance")


class StackViewSet(ReadOnlyViewSet):
    """Stacks: what services and containers name by their labels as one."""

    model = Stack
    serializer_class = StackSerializer
    filterset_class = StackFilters
    ordering = ("name", "pk")

    def select(self) -> QuerySet[Stack]:
        """All that the person may see, with their counts."""
        return stacks.with_counts(selectors.stacks_visible_to(self.person))


class TaskViewSet(LogsAction, ReadOnlyViewSet):
    """The services' tasks, latest change first."""

    model = Task
    serializer_class = TaskSerializer
    filterset_class = TaskFilters
    ordering = ("-updated_at", "-pk")

    def select(self) -> QuerySet[Task]:
        """All that the person may see."""
        return selectors.tasks_visible_to(self.person)


class ContainerViewSet(LogsAction, ReadOnlyViewSet):
    """Containers on nodes whose engine the portal asks."""

    model = Container
    serializer_class = ContainerSerializer
    filterset_class = ContainerFilters
    ordering = ("name", "pk")

    def select(self) -> QuerySet[Container]:
        """All that the person may see."""
        return selectors.containers_visible_to(self.person)


class ImageViewSet(ReadOnlyViewSet):
    """Images in the engines' stores; those in the registry are repositories and tags."""

    model = EngineImage
    serializer_class = ImageSerializer
    filterset_class = ImageFilters
    ordering = ("-created_at", "-pk")

    def select(self) -> QuerySet[EngineImage]:
        """All that the person may see."""
        return selectors.images_visible_to(self.person)

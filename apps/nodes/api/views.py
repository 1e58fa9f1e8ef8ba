"""Clusters, nodes and events in the API, and what an operator does to a node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action

from apps.nodes import selectors
from apps.nodes.api.filters import ClusterEventFilters, ClusterFilters, NodeFilters
from apps.nodes.api.serializers import (
    ClusterEventSerializer,
    ClusterSerializer,
    LabelChangesSerializer,
    LabelsSerializer,
    NodeSerializer,
)
from apps.nodes.api.standalone import RIGHTS as STANDALONE_RIGHTS
from apps.nodes.api.standalone import StandaloneActions
from apps.nodes.models import Cluster, ClusterEvent, Node
from apps.nodes.ports import NodeChange
from apps.nodes.services import request_node_change
from dce_portal.api.operations import LOCATION, STARTED, started
from dce_portal.api.viewsets import ReadOnlyViewSet
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request
    from rest_framework.response import Response

OPERATE = "nodes.operate_node"
starts_operation = extend_schema(request=None, responses=STARTED, parameters=[LOCATION])


class ClusterViewSet(StandaloneActions):
    """The Swarms and single engines that the portal watches."""

    model = Cluster
    serializer_class = ClusterSerializer
    filterset_class = ClusterFilters
    action_permissions = STANDALONE_RIGHTS
    ordering = ("name", "pk")

    def select(self) -> QuerySet[Cluster]:
        """All that the person may see."""
        return selectors.clusters_visible_to(self.person)


class NodeViewSet(ReadOnlyViewSet):
    """Nodes as last seen, and changes to them, each of which is an operation."""

    model = Node
    serializer_class = NodeSerializer
    filterset_class = NodeFilters
    ordering = ("hostname", "pk")
    action_permissions = {
        "drain": OPERATE,
        "activate": OPERATE,
        "pause": OPERATE,
        "labels": OPERATE,
        "change_labels": OPERATE,
    }

    def select(self) -> QuerySet[Node]:
        """All that the person may see."""
        return selectors.nodes_visible_to(self.person)

    @starts_operation
    @action(detail=True, methods=["post"])
    def drain(self, request: Request, pk: str) -> Response:
        """Move the node's tasks elsewhere and place no new ones on it."""
        return self._change(NodeChange(availability=Node.Availability.DRAIN))

    @starts_operation
    @action(detail=True, methods=["post"])
    def activate(self, request: Request, pk: str) -> Response:
        """Let the Swarm place tasks on the node again."""
        return self._change(NodeChange(availability=Node.Availability.ACTIVE))

    @starts_operation
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """Keep the node's tasks and place no new ones on it."""
        return self._change(NodeChange(availability=Node.Availability.PAUSE))

    @extend_schema(request=LabelsSerializer, responses=STARTED, parameters=[LOCATION])
    @action(detail=True, methods=["put"])
    def labels(self, request: Request, pk: str) -> Response:
        """Replace all labels of the node."""
        wish = LabelsSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        return self._change(NodeChange(labels=wish.validated_data["labels"]))

    @extend_schema(request=LabelChangesSerializer, responses=STARTED, parameters=[LOCATION])
    @labels.mapping.patch
    def change_labels(self, request: Request, pk: str) -> Response:
        """Set or remove single labels of the node, counted from those last seen."""
        wish = LabelChangesSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        merged = {**self.get_object().labels, **wish.validated_data["labels"]}
        kept = {name: value for name, value in merged.items() if value is not None}
        return self._change(NodeChange(labels=kept))

    def _change(self, change: NodeChange) -> Response:
        origin = Origin.of_request(self.request)
        operation = request_node_change(node=self.get_object(), change=change, origin=origin)
        return started(operation, request=self.request)


class ClusterEventViewSet(ReadOnlyViewSet):
    """What changed, newest first."""

    model = ClusterEvent
    serializer_class = ClusterEventSerializer
    filterset_class = ClusterEventFilters
    ordering = ("-at", "-pk")

    def select(self) -> QuerySet[ClusterEvent]:
        """All that the person may see."""
        return selectors.events_visible_to(self.person)

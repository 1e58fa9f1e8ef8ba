"""Clusters, nodes and events in the API, and what an operator does to a node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from rest_framework.decorators import action

from apps.nodes import selectors
from apps.nodes.api.actions import previews, starts_operation
from apps.nodes.api.cluster_actions import (
    CLUSTER_PREVIEWS,
    CLUSTER_RIGHTS,
    NODE_RIGHTS,
    ClusterActions,
    NodeUpkeep,
)
from apps.nodes.api.filters import ClusterEventFilters, ClusterFilters, NodeFilters
from apps.nodes.api.serializers import (
    ClusterEventSerializer,
    ClusterSerializer,
    LabelChangesSerializer,
    LabelEditsSerializer,
    LabelsSerializer,
    NodeSerializer,
    RemovalSerializer,
)
from apps.nodes.api.standalone import RIGHTS as STANDALONE_RIGHTS
from apps.nodes.api.standalone import StandaloneActions
from apps.nodes.models import Cluster, ClusterEvent, Node
from apps.nodes.services import request_agents_upgrade, request_label_edits
from dce_portal.api.operations import started
from dce_portal.api.viewsets import ReadOnlyViewSet
from dce_portal.errors import InvalidInput
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request
    from rest_framework.response import Response

OPERATE = "nodes.operate_node"
MANAGE = "nodes.manage_cluster"


class ClusterViewSet(StandaloneActions, ClusterActions):
    """The Swarms and single engines that the portal watches."""

    model = Cluster
    serializer_class = ClusterSerializer
    filterset_class = ClusterFilters
    ordering = ("name", "pk")
    previewed = CLUSTER_PREVIEWS
    action_permissions = {"upgrade_agents": MANAGE, **CLUSTER_RIGHTS, **STANDALONE_RIGHTS}

    def select(self) -> QuerySet[Cluster]:
        """All that the person may see."""
        return selectors.clusters_visible_to(self.person)

    @starts_operation()
    @action(detail=True, methods=["post"], url_path="upgrade-agents")
    def upgrade_agents(self, request: Request, pk: str) -> Response:
        """Replace the agents that are older than the registry's image, one node after the other."""
        return _upgrade_agents(self.get_object(), request)

    @previews(*CLUSTER_PREVIEWS)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def preview(self, request: Request, pk: str) -> Response:
        """Tell what an action would do to the cluster now, and why it cannot be done where that is so."""
        return self.told(request)


NODE_PREVIEWS = (
    "drain",
    "activate",
    "pause",
    "promote",
    "demote",
    "remove",
    "unlock",
    "measure-disk",
    "prune",
    "forget",
)


class NodeViewSet(NodeUpkeep):
    """Nodes as last seen, and changes to them, each of which is an operation."""

    model = Node
    serializer_class = NodeSerializer
    filterset_class = NodeFilters
    ordering = ("hostname", "pk")
    previewed = NODE_PREVIEWS
    action_permissions = {
        "drain": OPERATE,
        "activate": OPERATE,
        "pause": OPERATE,
        "labels": OPERATE,
        "change_labels": OPERATE,
        "upgrade_agent": MANAGE,
        "label_several": OPERATE,
        "promote": "nodes.change_node_role",
        "demote": "nodes.change_node_role",
        "remove": "nodes.remove_node",
        **NODE_RIGHTS,
    }

    def select(self) -> QuerySet[Node]:
        """All that the person may see."""
        return selectors.nodes_visible_to(self.person)

    @previews(*NODE_PREVIEWS)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def preview(self, request: Request, pk: str) -> Response:
        """Tell what an action would do to the node now, and why it cannot be done where that is so."""
        return self.told(request)

    @starts_operation()
    @action(detail=True, methods=["post"])
    def drain(self, request: Request, pk: str) -> Response:
        """Move the node's tasks elsewhere and place no new ones on it."""
        self.body()
        return self.start("drain")

    @starts_operation()
    @action(detail=True, methods=["post"])
    def activate(self, request: Request, pk: str) -> Response:
        """Let the Swarm place tasks on the node again."""
        self.body()
        return self.start("activate")

    @starts_operation()
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """Keep the node's tasks and place no new ones on it."""
        self.body()
        return self.start("pause")

    @starts_operation()
    @action(detail=True, methods=["post"])
    def promote(self, request: Request, pk: str) -> Response:
        """Make the worker a manager; 409 where the quorum forbids it."""
        self.body()
        return self.start("promote")

    @starts_operation()
    @action(detail=True, methods=["post"])
    def demote(self, request: Request, pk: str) -> Response:
        """Make the manager a worker; 409 where the Swarm would lose its quorum or its last manager."""
        self.body()
        return self.start("demote")

    @starts_operation(RemovalSerializer)
    @action(detail=True, methods=["post"])
    def remove(self, request: Request, pk: str) -> Response:
        """Take the node out of its Swarm, gracefully or, when it is down, by force; its name confirms."""
        if self.body(RemovalSerializer)["name"] != self.get_object().hostname:
            raise InvalidInput(_("This is not the node's host name."), field="name")
        return self.start("remove")

    @starts_operation(LabelsSerializer)
    @action(detail=True, methods=["put"])
    def labels(self, request: Request, pk: str) -> Response:
        """Replace all labels of the node."""
        return self.start("labels", wish=self.body(LabelsSerializer))

    @starts_operation(LabelChangesSerializer)
    @labels.mapping.patch
    def change_labels(self, request: Request, pk: str) -> Response:
        """Set or remove single labels of the node, counted from those last seen."""
        changes = self.body(LabelChangesSerializer)["labels"]
        merged = {**self.get_object().labels, **changes}
        kept = {name: value for name, value in merged.items() if value is not None}
        return self.start("labels", wish={"labels": kept})

    @starts_operation()
    @action(detail=True, methods=["post"], url_path="upgrade-agent")
    def upgrade_agent(self, request: Request, pk: str) -> Response:
        """Replace the node's agent by that of the registry's image."""
        self.body()
        return _upgrade_agents(self.get_object(), request)

    @starts_operation(LabelEditsSerializer)
    @action(detail=False, methods=["post"], url_path="labels", url_name="label-several")
    def label_several(self, request: Request) -> Response:
        """Set or remove labels on several nodes; a node that is not known is an error, and nothing starts."""
        wish = self.body(LabelEditsSerializer)
        nodes = list(self.get_queryset().filter(pk__in=wish["nodes"]))
        if missing := sorted(set(wish["nodes"]) - {node.pk for node in nodes}):
            raise InvalidInput(_("There is no node %(id)s.") % {"id": missing[0]}, field="nodes")
        operation = request_label_edits(
            nodes=nodes,
            to_set=wish["set"],
            to_remove=wish["remove"],
            origin=Origin.of_request(request),
        )
        return started(operation, request=request)


def _upgrade_agents(subject: Cluster | Node, request: Request) -> Response:
    origin = Origin.of_request(request)
    return started(request_agents_upgrade(subject=subject, origin=origin), request=request)


class ClusterEventViewSet(ReadOnlyViewSet):
    """What changed, newest first."""

    model = ClusterEvent
    serializer_class = ClusterEventSerializer
    filterset_class = ClusterEventFilters
    ordering = ("-at", "-pk")

    def select(self) -> QuerySet[ClusterEvent]:
        """All that the person may see."""
        return selectors.events_visible_to(self.person)

"""What may be done to clusters and engines over the API; each but the reading of secrets is an operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.nodes.actions.swarm import MANAGE
from apps.nodes.api.actions import ActionViewSet, starts_operation
from apps.nodes.api.cluster_serializers import (
    AutolockSerializer,
    DiskUsageSerializer,
    JoinTokensSerializer,
    PruneSerializer,
    RenameSerializer,
    TokensSerializer,
    UnlockKeySerializer,
    UnlockSerializer,
)
from apps.nodes.models import Cluster, Node
from apps.nodes.selectors import disk_usage_of
from apps.nodes.services import show_join_tokens, show_unlock_key
from dce_portal.errors import NotFound
from dce_portal.origin import Origin
from dce_portal.secret import Secret

if TYPE_CHECKING:
    from rest_framework.request import Request

NOT_STORED = {"Cache-Control": "no-store, private"}
CLUSTER_RIGHTS = dict.fromkeys(
    (
        "rotate_tokens",
        "autolock",
        "rotate_unlock_key",
        "rotate_ca",
        "rename",
        "forget",
        "join_tokens",
        "unlock_key",
    ),
    MANAGE,
)
NODE_RIGHTS = {
    "unlock": MANAGE,
    "measure_disk": "nodes.operate_node",
    "prune": "nodes.prune_node",
    "forget": "nodes.remove_node",
}


CLUSTER_PREVIEWS = (
    "rotate-tokens",
    "autolock-on",
    "autolock-off",
    "rotate-unlock-key",
    "rotate-ca",
    "rename",
    "forget",
)


class ClusterActions(ActionViewSet):
    """What is about a whole cluster."""

    @starts_operation(TokensSerializer)
    @action(detail=True, methods=["post"], url_path="rotate-tokens")
    def rotate_tokens(self, request: Request, pk: str) -> Response:
        """Make new join tokens; nodes that have joined stay."""
        return self.start("rotate-tokens", wish=self.body(TokensSerializer))

    @starts_operation(AutolockSerializer)
    @action(detail=True, methods=["post"])
    def autolock(self, request: Request, pk: str) -> Response:
        """Turn autolock on or off."""
        is_on = self.body(AutolockSerializer)["enabled"]
        return self.start("autolock-on" if is_on else "autolock-off")

    @starts_operation()
    @action(detail=True, methods=["post"], url_path="rotate-unlock-key")
    def rotate_unlock_key(self, request: Request, pk: str) -> Response:
        """Make a new unlock key."""
        self.body()
        return self.start("rotate-unlock-key")

    @starts_operation()
    @action(detail=True, methods=["post"], url_path="rotate-ca")
    def rotate_ca(self, request: Request, pk: str) -> Response:
        """Make a new certificate authority; ends when every node has its new certificate."""
        self.body()
        return self.start("rotate-ca")

    @starts_operation(RenameSerializer)
    @action(detail=True, methods=["post"])
    def rename(self, request: Request, pk: str) -> Response:
        """Give the cluster another name."""
        return self.start("rename", wish=self.body(RenameSerializer))

    @starts_operation()
    @action(detail=True, methods=["post"])
    def forget(self, request: Request, pk: str) -> Response:
        """Delete what is known of a cluster that does not answer any more."""
        self.body()
        return self.start("forget")

    @extend_schema(request=None, responses=JoinTokensSerializer)
    @action(detail=True, methods=["post"], url_path="join-tokens")
    def join_tokens(self, request: Request, pk: str) -> Response:
        """Show the join tokens as they are now; that they were shown is audited."""
        self.body()
        cluster: Cluster = self.get_object()
        found = show_join_tokens(cluster=cluster, origin=Origin.of_request(request))
        return Response(JoinTokensSerializer(found).data, headers=NOT_STORED)

    @extend_schema(request=None, responses=UnlockKeySerializer)
    @action(detail=True, methods=["post"], url_path="unlock-key")
    def unlock_key(self, request: Request, pk: str) -> Response:
        """Show the unlock key as it is now, empty while autolock is off; that it was shown is audited."""
        self.body()
        cluster: Cluster = self.get_object()
        key = show_unlock_key(cluster=cluster, origin=Origin.of_request(request))
        return Response(UnlockKeySerializer({"unlock_key": key.reveal()}).data, headers=NOT_STORED)


class NodeUpkeep(ActionViewSet):
    """What is about one engine."""

    @extend_schema(responses=DiskUsageSerializer)
    @action(detail=True, methods=["get"], url_path="disk-usage")
    def disk_usage(self, request: Request, pk: str) -> Response:
        """Show what the engine's disk held when it was last measured."""
        node: Node = self.get_object()
        measured = disk_usage_of(node)
        if measured is None:
            raise NotFound(_("Nobody has measured this engine's disk yet."))
        return Response(DiskUsageSerializer(measured).data)

    @starts_operation()
    @disk_usage.mapping.post
    def measure_disk(self, request: Request, pk: str) -> Response:
        """Measure the engine's disk; may take minutes, never twice at once on a node."""
        self.body()
        return self.start("measure-disk")

    @starts_operation(PruneSerializer)
    @action(detail=True, methods=["post"])
    def prune(self, request: Request, pk: str) -> Response:
        """Remove what is unused; the disk was measured in the last quarter of an hour."""
        return self.start("prune", wish=self.body(PruneSerializer))

    @starts_operation(UnlockSerializer)
    @action(detail=True, methods=["post"])
    def unlock(self, request: Request, pk: str) -> Response:
        """Unlock a manager that was restarted with autolock on."""
        key = self.body(UnlockSerializer)["key"]
        return self.start("unlock", wish={"key": Secret(key)})

    @starts_operation()
    @action(detail=True, methods=["post"])
    def forget(self, request: Request, pk: str) -> Response:
        """Delete what is known of a single engine that does not answer any more."""
        self.body()
        return self.start("forget")

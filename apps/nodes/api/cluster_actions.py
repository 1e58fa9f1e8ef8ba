"""What may be done to clusters and engines over the API; each but the reading of secrets is an operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.nodes.actions import Wish, action_of, start_action
from apps.nodes.actions.swarm import MANAGE
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
from dce_portal.api.operations import LOCATION, STARTED, started
from dce_portal.api.viewsets import ReadOnlyViewSet
from dce_portal.errors import NotFound
from dce_portal.origin import Origin
from dce_portal.secret import Secret

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.serializers import BaseSerializer

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


def checked(body: BaseSerializer[Any]) -> dict[str, Any]:
    """The body's values, or the answer that says what is wrong with it."""
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


class Starting(ReadOnlyViewSet):
    """Starts registered actions on the row that the address names."""

    def _do(self, name: str, wish: Wish | None = None) -> Response:
        found = action_of(self.model, name)
        if found is None:
            raise NotFound(name)
        origin = Origin.of_request(self.request)
        row = self.get_object()
        return started(
            start_action(found, row, wish=wish or {}, origin=origin), request=self.request
        )


class ClusterActions(Starting):
    """What is about a whole cluster."""

    @extend_schema(request=TokensSerializer, responses=STARTED, parameters=[LOCATION])
    @action(detail=True, methods=["post"], url_path="rotate-tokens")
    def rotate_tokens(self, request: Request, pk: str) -> Response:
        """Make new join tokens; nodes that have joined stay."""
        return self._do("rotate-tokens", checked(TokensSerializer(data=request.data)))

    @extend_schema(request=AutolockSerializer, responses=STARTED, parameters=[LOCATION])
    @action(detail=True, methods=["post"])
    def autolock(self, request: Request, pk: str) -> Response:
        """Turn autolock on or off."""
        is_on = checked(AutolockSerializer(data=request.data))["enabled"]
        return self._do("autolock-on" if is_on else "autolock-off")

    @extend_schema(request=None, responses=STARTED, parameters=[LOCATION])
    @action(detail=True, methods=["post"], url_path="rotate-unlock-key")
    def rotate_unlock_key(self, request: Request, pk: str) -> Response:
        """Make a new unlock key."""
        return self._do("rotate-unlock-key")

    @extend_schema(request=None, responses=STARTED, parameters=[LOCATION])
    @action(detail=True, methods=["post"], url_path="rotate-ca")
    def rotate_ca(self, request: Request, pk: str) -> Response:
        """Make a new certificate authority; ends when every node has its new certificate."""
        return self._do("rotate-ca")

    @extend_schema(request=RenameSerializer, responses=STARTED, parameters=[LOCATION])
    @action(detail=True, methods=["post"])
    def rename(self, request: Request, pk: str) -> Response:
        """Give the cluster another name."""
        return self._do("rename", checked(RenameSerializer(data=request.data)))

    @extend_schema(request=None, responses=STARTED, parameters=[LOCATION])
    @action(detail=True, methods=["post"])
    def forget(self, request: Request, pk: str) -> Response:
        """Delete what is known of a cluster that does not answer any more."""
        return self._do("forget")

    @extend_schema(request=None, responses=JoinTokensSerializer)
    @action(detail=True, methods=["post"], url_path="join-tokens")
    def join_tokens(self, request: Request, pk: str) -> Response:
        """Show the join tokens as they are now; that they were shown is audited."""
        cluster: Cluster = self.get_object()
        found = show_join_tokens(cluster=cluster, origin=Origin.of_request(request))
        return Response(JoinTokensSerializer(found).data, headers=NOT_STORED)

    @extend_schema(request=None, responses=UnlockKeySerializer)
    @action(detail=True, methods=["post"], url_path="unlock-key")
    def unlock_key(self, request: Request, pk: str) -> Response:
        """Show the unlock key as it is now, empty while autolock is off; that it was shown is audited."""
        cluster: Cluster = self.get_object()
        key = show_unlock_key(cluster=cluster, origin=Origin.of_request(request))
        return Response(UnlockKeySerializer({"unlock_key": key.reveal()}).data, headers=NOT_STORED)


class NodeUpkeep(Starting):
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

    @extend_schema(request=None, responses=STARTED, parameters=[LOCATION])
    @disk_usage.mapping.post
    def measure_disk(self, request: Request, pk: str) -> Response:
        """Measure the engine's disk; may take minutes, never twice at once on a node."""
        return self._do("measure-disk")

    @extend_schema(request=PruneSerializer, responses=STARTED, parameters=[LOCATION])
    @action(detail=True, methods=["post"])
    def prune(self, request: Request, pk: str) -> Response:
        """Remove what is unused; the disk was measured in the last quarter of an hour."""
        return self._do("prune", checked(PruneSerializer(data=request.data)))

    @extend_schema(request=UnlockSerializer, responses=STARTED, parameters=[LOCATION])
    @action(detail=True, methods=["post"])
    def unlock(self, request: Request, pk: str) -> Response:
        """Unlock a manager that was restarted with autolock on."""
        key = checked(UnlockSerializer(data=request.data))["key"]
        return self._do("unlock", {"key": Secret(key)})

    @extend_schema(request=None, responses=STARTED, parameters=[LOCATION])
    @action(detail=True, methods=["post"])
    def forget(self, request: Request, pk: str) -> Response:
        """Delete what is known of a single engine that does not answer any more."""
        return self._do("forget")

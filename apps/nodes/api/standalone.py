"""Standalone Swarms in the API: taking one on, changing its addresses, letting it go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.nodes.api.serializers import ClusterSerializer
from apps.nodes.models import Cluster
from apps.nodes.selectors.standalone import standalone_state
from apps.nodes.services import (
    StandaloneWish,
    add_standalone_swarm,
    change_standalone_swarm,
    forget_standalone_swarm,
)
from dce_portal.api.viewsets import ReadOnlyViewSet
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from rest_framework.request import Request

RIGHTS = {
    "show_standalone": "nodes.view_node",
    "standalone": "nodes.add_engineendpoint",
    "change_standalone": "nodes.change_engineendpoint",
    "forget_standalone": "nodes.delete_engineendpoint",
}


class StandaloneSerializer(serializers.Serializer[dict[str, Any]]):
    """What the portal needs to ask a standalone Swarm."""

    name = serializers.CharField(max_length=64)
    managers = serializers.ListField(
        child=serializers.CharField(max_length=250),
        min_length=1,
        max_length=9,
        help_text=_("The addresses of its managers, as tcp://host:3376."),
    )
    tls_ca = serializers.CharField(max_length=250, required=False, allow_blank=True)
    tls_cert = serializers.CharField(max_length=250, required=False, allow_blank=True)
    tls_key = serializers.CharField(max_length=250, required=False, allow_blank=True)
    uses_own_certificate = serializers.BooleanField(
        required=False, help_text=_("Show the portal's own certificate to the managers.")
    )
    discovery_url = serializers.CharField(
        max_length=500,
        required=False,
        allow_blank=True,
        help_text=_("Its key store, as etcd://host:2379,host:2379/prefix."),
    )

    def wish(self) -> StandaloneWish:
        """The checked values as the service takes them."""
        values = self.validated_data
        return StandaloneWish(**{**values, "managers": tuple(values["managers"])})


class StandaloneStateSerializer(serializers.Serializer[dict[str, Any]]):
    """How a standalone Swarm's managers and its key store answered last."""

    managers = serializers.ListField(child=serializers.DictField(), read_only=True)
    strategy = serializers.CharField(read_only=True)
    filters = serializers.CharField(read_only=True)
    discovery = serializers.DictField(
        read_only=True,
        allow_null=True,
        help_text=_("Members, registrations with the seconds they have left, and warnings."),
    )


class StandaloneActions(ReadOnlyViewSet):
    """What the clusters' view adds for standalone Swarms."""

    @extend_schema(request=StandaloneSerializer, responses={201: ClusterSerializer})
    @action(detail=False, methods=["post"])
    def standalone(self, request: Request) -> Response:
        """Take a standalone Swarm on; the portal asks its managers within seconds."""
        cluster = add_standalone_swarm(_wish(request), origin=Origin.of_request(request))
        return Response(self._shown(cluster), status=status.HTTP_201_CREATED)

    @extend_schema(responses=StandaloneStateSerializer)
    @action(detail=True, methods=["get"], url_path="standalone")
    def show_standalone(self, request: Request, pk: str) -> Response:
        """How a standalone Swarm's managers and its key store answered last; 404 for another kind of cluster."""
        return Response(StandaloneStateSerializer(standalone_state(self.get_object())).data)

    @extend_schema(request=StandaloneSerializer, responses=ClusterSerializer)
    @show_standalone.mapping.put
    def change_standalone(self, request: Request, pk: str) -> Response:
        """Replace a standalone Swarm's name, addresses, TLS files and key store."""
        cluster: Cluster = self.get_object()
        changed = change_standalone_swarm(
            cluster, _wish(request), origin=Origin.of_request(request)
        )
        return Response(self._shown(changed))

    @extend_schema(request=None, responses={204: None})
    @show_standalone.mapping.delete
    def forget_standalone(self, request: Request, pk: str) -> Response:
        """Stop asking a standalone Swarm and drop what was seen of it; on the Swarm nothing changes."""
        forget_standalone_swarm(self.get_object(), origin=Origin.of_request(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _shown(self, cluster: Cluster) -> Any:  # noqa: ANN401 - a serializer's data
        return self.get_serializer(cluster).data


def _wish(request: Request) -> StandaloneWish:
    said = StandaloneSerializer(data=request.data)
    said.is_valid(raise_exception=True)
    return said.wish()

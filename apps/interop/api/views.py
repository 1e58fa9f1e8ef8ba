"""Discovery for Prometheus, and remote-write targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.authentication import SessionAuthentication
from apps.interop.api.authentication import MayScrape, ScrapeAuthentication
from apps.interop.api.serializers import (
    DiscoveredSerializer,
    DiscoveryQuery,
    RemoteWriteSerializer,
    RemoteWriteWish,
)
from apps.interop.models import RemoteWrite
from apps.interop.selectors.discovery import node_targets, portal_target
from apps.interop.services.targets import delete_target, save_target
from dce_portal.api.viewsets import ReadOnlyViewSet
from dce_portal.errors import Conflict
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request

    from apps.accounts.models import User


class DiscoveryView(APIView):
    """What Prometheus may scrape: the portal itself, and the nodes."""

    authentication_classes = (ScrapeAuthentication, SessionAuthentication)
    permission_classes = (MayScrape,)

    @extend_schema(
        operation_id="prometheus_targets_list",
        parameters=[DiscoveryQuery],
        responses=DiscoveredSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Answer as http_sd asks for it: a list of groups, without pages."""
        query = DiscoveryQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        kind = query.validated_data.get("kind")
        own = portal_target(request.get_host(), is_secure=request.is_secure())
        groups = [own] if kind != "node" else []
        if kind != "portal":
            port = query.validated_data["port"]
            groups += node_targets(cast("User", request.user), port=port)
        return Response(groups)


class RemoteWriteViewSet(ReadOnlyViewSet):
    """Stores that samples are written to by Prometheus' remote-write protocol."""

    model = RemoteWrite
    serializer_class = RemoteWriteSerializer
    ordering = ("name", "pk")

    def select(self) -> QuerySet[RemoteWrite]:
        """All of them, for those who may see any."""
        return RemoteWrite.objects.all()

    @extend_schema(request=RemoteWriteWish, responses={201: RemoteWriteSerializer})
    def create(self, request: Request) -> Response:
        """Add a target; samples are written to it from now on."""
        target = self._saved(RemoteWrite(), request, is_partial=False)
        body = self.get_serializer(target).data
        headers = {"Location": body["href"]}
        return Response(body, status=status.HTTP_201_CREATED, headers=headers)

    @extend_schema(request=RemoteWriteWish(partial=True), responses={200: RemoteWriteSerializer})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a target; what waits is tried at once."""
        target = self._saved(self.get_object(), request, is_partial=True)
        return Response(self.get_serializer(target).data)

    @extend_schema(responses={204: OpenApiResponse(description="Removed.")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove a target; what it has got stays there."""
        delete_target(self.get_object(), origin=Origin.of_request(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _saved(self, target: RemoteWrite, request: Request, *, is_partial: bool) -> RemoteWrite:
        wish = RemoteWriteWish(data=request.data, partial=is_partial)
        wish.is_valid(raise_exception=True)
        # Defaults are for what is new; a change touches nothing that it does not name.
        given = set(request.data) if is_partial else set(wish.validated_data)
        values: dict[str, Any] = {k: v for k, v in wish.validated_data.items() if k in given}
        secret = values.pop("secret", None)
        _refuse_taken_name(target, values.get("name"))
        return save_target(target, values, secret=secret, origin=Origin.of_request(request))


def _refuse_taken_name(target: RemoteWrite, name: str | None) -> None:
    if name and RemoteWrite.objects.filter(name=name).exclude(pk=target.pk).exists():
        message = _("There is a target of this name already. Nothing was changed.")
        raise Conflict(message, field="name")

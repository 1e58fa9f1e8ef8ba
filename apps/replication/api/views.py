"""Other registries, replication rules and cache namespaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.replication.api.serializers import (
    CacheNamespaceChange,
    CacheNamespaceSerializer,
    CacheNamespaceWish,
    FetchWish,
    RemoteRegistrySerializer,
    RemoteRegistryWish,
    ReplicationRuleSerializer,
    ReplicationRuleWish,
)
from apps.replication.models import CacheNamespace, RemoteRegistry, ReplicationRule
from apps.replication.services.caching import delete_cache, save_cache, start_fetch
from apps.replication.services.rules import delete_row, save_remote, save_rule
from apps.replication.services.running import start_rule
from dce_portal.api.operations import LOCATION, STARTED, started
from dce_portal.api.serializers import NothingSerializer
from dce_portal.api.viewsets import ReadOnlyViewSet
from dce_portal.errors import Conflict
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request

GONE = {204: OpenApiResponse(description="Removed.")}


class RemoteRegistryViewSet(ReadOnlyViewSet):
    """Registries that images go to or come from."""

    model = RemoteRegistry
    serializer_class = RemoteRegistrySerializer
    ordering = ("name", "pk")

    def select(self) -> QuerySet[RemoteRegistry]:
        """All of them, for those who may see any."""
        return RemoteRegistry.objects.all()

    @extend_schema(request=RemoteRegistryWish, responses={201: RemoteRegistrySerializer})
    def create(self, request: Request) -> Response:
        """Add another registry."""
        made = self._saved(RemoteRegistry(), request, is_partial=False)
        body = self.get_serializer(made).data
        return Response(body, status=status.HTTP_201_CREATED, headers={"Location": body["href"]})

    @extend_schema(
        request=RemoteRegistryWish(partial=True), responses={200: RemoteRegistrySerializer}
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change it."""
        changed = self._saved(self.get_object(), request, is_partial=True)
        return Response(self.get_serializer(changed).data)

    @extend_schema(responses=GONE)
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove it, where no rule uses it."""
        delete_row(self.get_object(), origin=Origin.of_request(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _saved(
        self, remote: RemoteRegistry, request: Request, *, is_partial: bool
    ) -> RemoteRegistry:
        values = _wish(RemoteRegistryWish, request, is_partial=is_partial)
        secret = values.pop("secret", None)
        _refuse_taken_name(remote, values.get("name"))
        return save_remote(remote, values, secret=secret, origin=Origin.of_request(request))


class ReplicationRuleViewSet(ReadOnlyViewSet):
    """What goes where, and when."""

    model = ReplicationRule
    serializer_class = ReplicationRuleSerializer
    ordering = ("name", "pk")
    action_permissions = {"run": "replication.change_replicationrule"}

    def select(self) -> QuerySet[ReplicationRule]:
        """All of them, for those who may see any."""
        return ReplicationRule.objects.all()

    @extend_schema(request=ReplicationRuleWish, responses={201: ReplicationRuleSerializer})
    def create(self, request: Request) -> Response:
        """Add a rule."""
        made = self._saved(ReplicationRule(), request, is_partial=False)
        body = self.get_serializer(made).data
        return Response(body, status=status.HTTP_201_CREATED, headers={"Location": body["url"]})

    @extend_schema(
        request=ReplicationRuleWish(partial=True), responses={200: ReplicationRuleSerializer}
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a rule."""
        changed = self._saved(self.get_object(), request, is_partial=True)
        return Response(self.get_serializer(changed).data)

    @extend_schema(responses=GONE)
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove a rule; copied images stay where they are."""
        delete_row(self.get_object(), origin=Origin.of_request(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=NothingSerializer, responses=STARTED, parameters=[LOCATION])
    @action(detail=True, methods=["post"])
    def run(self, request: Request, pk: str) -> Response:
        """Carry what the rule means, now."""
        NothingSerializer(data=request.data or {}).is_valid(raise_exception=True)
        operation = start_rule(self.get_object(), origin=Origin.of_request(request))
        return started(operation, request=request)

    def _saved(
        self, rule: ReplicationRule, request: Request, *, is_partial: bool
    ) -> ReplicationRule:
        values = _wish(ReplicationRuleWish, request, is_partial=is_partial)
        _refuse_taken_name(rule, values.get("name"))
        return save_rule(rule, values, origin=Origin.of_request(request))


class CacheNamespaceViewSet(ReadOnlyViewSet):
    """Namespaces that are filled from upstream."""

    model = CacheNamespace
    serializer_class = CacheNamespaceSerializer
    ordering = ("namespace__name", "pk")
    action_permissions = {"fetch": "replication.change_cachenamespace"}

    def select(self) -> QuerySet[CacheNamespace]:
        """All of them, for those who may see any."""
        return CacheNamespace.objects.select_related("namespace", "remote")

    @extend_schema(request=CacheNamespaceWish, responses={201: CacheNamespaceSerializer})
    def create(self, request: Request) -> Response:
        """Bind a namespace to its upstream."""
        values = _wish(CacheNamespaceWish, request, is_partial=False)
        if CacheNamespace.objects.filter(namespace=values["namespace"]).exists():
            message = _("This namespace has an upstream already. Nothing was changed.")
            raise Conflict(message, field="namespace")
        made = save_cache(CacheNamespace(), values, origin=Origin.of_request(request))
        body = self.get_serializer(made).data
        return Response(body, status=status.HTTP_201_CREATED, headers={"Location": body["url"]})

    @extend_schema(
        request=CacheNamespaceChange(partial=True), responses={200: CacheNamespaceSerializer}
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change upstream or when it is looked at."""
        values = _wish(CacheNamespaceChange, request, is_partial=True)
        changed = save_cache(self.get_object(), values, origin=Origin.of_request(request))
        return Response(self.get_serializer(changed).data)

    @extend_schema(responses=GONE)
    def destroy(self, request: Request, pk: str) -> Response:
        """Unbind it; what was fetched stays."""
        delete_cache(self.get_object(), origin=Origin.of_request(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=FetchWish, responses=STARTED, parameters=[LOCATION])
    @action(detail=True, methods=["post"])
    def fetch(self, request: Request, pk: str) -> Response:
        """Fetch one image from upstream, now."""
        wish = FetchWish(data=request.data)
        wish.is_valid(raise_exception=True)
        image = wish.validated_data["image"]
        operation = start_fetch(self.get_object(), image, origin=Origin.of_request(request))
        return started(operation, request=request)


def _wish(kind: Any, request: Request, *, is_partial: bool) -> dict[str, Any]:  # noqa: ANN401 - a serializer's class
    """What is asked for; a change touches nothing that it does not name."""
    wish = kind(data=request.data, partial=is_partial)
    wish.is_valid(raise_exception=True)
    given = set(request.data) if is_partial else set(wish.validated_data)
    return {name: value for name, value in wish.validated_data.items() if name in given}


def _refuse_taken_name(row: RemoteRegistry | ReplicationRule, name: str | None) -> None:
    if name and type(row)._default_manager.filter(name=name).exclude(pk=row.pk).exists():
        message = _("There is something of this name already. Nothing was changed.")
        raise Conflict(message, field="name")

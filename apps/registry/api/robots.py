"""Robots of the namespaces that the person owns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.accounts.networks import within
from apps.accounts.scopes import REGISTRY_DELETE, REGISTRY_PULL, REGISTRY_PUSH, covers
from apps.accounts.services import checked_networks
from apps.registry import selectors
from apps.registry.api.robot_serializers import (
    IssuedRobotSerializer,
    RobotChange,
    RobotRotation,
    RobotSerializer,
    RobotWishSerializer,
)
from apps.registry.models import Robot
from apps.registry.robot_models import RobotRole
from apps.registry.services.robots import (
    IssuedRobot,
    RobotWish,
    change_robot,
    make_robot,
    revoke_robot,
    rotate_robot,
)
from dce_portal.api.filters import SearchFilter
from dce_portal.api.permissions import SignedIn
from dce_portal.api.viewsets import ReadOnlyViewSet
from dce_portal.errors import PermissionDenied
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request


ROLE_SCOPES = {
    RobotRole.READER: (REGISTRY_PULL,),
    RobotRole.WRITER: (REGISTRY_PUSH,),
    RobotRole.MAINTAINER: (REGISTRY_PUSH, REGISTRY_DELETE),
}


class RobotFilters(filters.FilterSet):
    """Of robots."""

    namespace = filters.CharFilter(field_name="namespace__name", max_length=64)
    revoked = filters.BooleanFilter(field_name="revoked_at", lookup_expr="isnull", exclude=True)
    search = SearchFilter("username", "description", "key")


class RobotViewSet(ReadOnlyViewSet):
    """Robots: seen, made and ended by owners of their namespace."""

    model = Robot
    permission_classes = (SignedIn,)
    serializer_class = RobotSerializer
    filterset_class = RobotFilters
    ordering = ("username", "pk")

    def select(self) -> QuerySet[Robot]:
        """Those of namespaces that the person owns."""
        return selectors.robots_visible_to(self.person)

    @extend_schema(request=RobotWishSerializer, responses={201: IssuedRobotSerializer})
    def create(self, request: Request) -> Response:
        """Make a robot; the answer is the only place where its secret is ever shown."""
        serializer = RobotWishSerializer(data=request.data)
        fields: Any = serializer.fields
        fields["namespace"].queryset = selectors.namespaces_managed_by(self.person)
        serializer.is_valid(raise_exception=True)
        wish = dict(serializer.validated_data)
        namespace, days = wish.pop("namespace"), wish.pop("days")
        _refuse_wider(request, namespace.name, wish["role"], wish.get("repositories", ()))
        wish["networks"] = _no_wider(request, wish.get("networks", []))
        issued = make_robot(
            namespace,
            RobotWish(**wish, expires_at=_expiry(request, days)),
            origin=Origin.of_request(request),
        )
        return self._shown(issued, status.HTTP_201_CREATED)

    @extend_schema(request=RobotChange, responses={200: RobotSerializer})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change role, repositories, addresses or description; the secret stays."""
        robot = self.get_object()
        wish = RobotChange(data=request.data, partial=True)
        wish.is_valid(raise_exception=True)
        values = dict(wish.validated_data)
        role = values.get("role", robot.role)
        repositories = values.get("repositories", robot.repositories)
        _refuse_wider(request, robot.namespace.name, role, repositories)
        if "networks" in values:
            values["networks"] = _no_wider(request, values["networks"])
        changed = change_robot(robot, **values, origin=Origin.of_request(request))
        return Response(self.get_serializer(changed).data)

    @extend_schema(request=RobotRotation, responses={200: IssuedRobotSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def rotate(self, request: Request, pk: str) -> Response:
        """Give a robot another secret, which is shown this once; the old one goes on for a while."""
        robot = self.get_object()
        wish = RobotRotation(data=request.data)
        wish.is_valid(raise_exception=True)
        days = wish.validated_data.get("days")
        _refuse_wider(request, robot.namespace.name, robot.role, robot.repositories)
        _refuse_wider_networks(request, robot.networks)
        _refuse_longer_life(request, robot.expires_at)
        issued = rotate_robot(
            robot,
            overlap_hours=wish.validated_data["overlap_hours"],
            expires_at=None if days is None else _expiry(request, days),
            origin=Origin.of_request(request),
        )
        return self._shown(issued, status.HTTP_200_OK)

    @extend_schema(responses={204: OpenApiResponse(description="Revoked.")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Revoke a robot at once; it stays in the list."""
        revoke_robot(self.get_object(), origin=Origin.of_request(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _shown(self, issued: IssuedRobot, code: int) -> Response:
        issued.robot.secret = issued.secret  # type: ignore[attr-defined]  # for the serializer alone
        body = IssuedRobotSerializer(issued.robot, context=self.get_serializer_context()).data
        location = {"Location": body["url"]} if code == status.HTTP_201_CREATED else {}
        return Response(body, status=code, headers={**location, "Cache-Control": "no-store"})


def _refuse_wider(request: Request, namespace: str, role: str, repositories: Sequence[str]) -> None:
    """A token that someone found must not make a robot that may more than itself."""
    own = getattr(request.auth, "scopes", None)
    if own is None:
        return
    places = repositories or [namespace]
    wished = [f"{scope}:{place}" for scope in ROLE_SCOPES[RobotRole(role)] for place in places]
    if not all(covers(own, scope) for scope in wished):
        raise PermissionDenied(_("A token can only make robots with rights that it has itself."))


def _no_wider(request: Request, networks: list[str]) -> list[str]:
    """Nor one that works where itself does not."""
    own = list(getattr(request.auth, "networks", ()))
    asked = checked_networks(networks or own)
    _refuse_wider_networks(request, asked)
    return asked


def _refuse_wider_networks(request: Request, networks: list[str]) -> None:
    if not within(networks, list(getattr(request.auth, "networks", ()))):
        raise PermissionDenied(_("A token can only make robots for addresses that it has itself."))


def _refuse_longer_life(request: Request, expires_at: datetime | None) -> None:
    """Nor have a secret shown that outlives it."""
    own: datetime | None = getattr(request.auth, "expires_at", None)
    if own is not None and (expires_at is None or expires_at > own):
        raise PermissionDenied(_("A token can only rotate what ends no later than itself."))


def _expiry(request: Request, days: int) -> datetime:
    """Nor one that outlives it."""
    wished = timezone.now() + timedelta(days=days)
    own: datetime | None = getattr(request.auth, "expires_at", None)
    return wished if own is None else min(wished, own)

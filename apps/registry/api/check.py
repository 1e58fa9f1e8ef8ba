"""The check of the registry in the API, and the change of the key that signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.registry import services
from dce_portal.api.operations import LOCATION, STARTED, started
from dce_portal.api.permissions import SignedIn
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from rest_framework.request import Request

STATES = ("good", "late", "bad", "off")


class CheckFindingSerializer(serializers.Serializer[object]):
    """One thing that was looked at."""

    name = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES)
    detail = serializers.CharField()
    advice = serializers.CharField(allow_blank=True)


class MayCheck(SignedIn):
    """Whoever may look at the check."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Ask for the right beside the scope."""
        return super().has_permission(request, view) and request.user.has_perm(
            "registry.check_registry"
        )


class MayRotate(SignedIn):
    """Whoever may replace the key."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Ask for the right beside the scope."""
        return super().has_permission(request, view) and request.user.has_perm(
            "registry.rotate_keys"
        )


class RegistryCheckView(APIView):
    """Whether the registry and the portal understand each other."""

    permission_classes = (MayCheck,)

    @extend_schema(responses=CheckFindingSerializer(many=True), operation_id="registry_check")
    def get(self, request: Request) -> Response:
        """Every finding, each with what to do."""
        return Response(CheckFindingSerializer(services.check_registry(), many=True).data)


class RotateKeysView(APIView):
    """The key that signs registry tokens."""

    permission_classes = (MayRotate,)

    @extend_schema(request=None, responses=STARTED, parameters=[LOCATION])
    def post(self, request: Request) -> Response:
        """Start replacing it, or go on where a person was waited for."""
        operation = services.request_key_rotation(origin=Origin.of_request(request))
        return started(operation, request=request)

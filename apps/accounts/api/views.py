"""Who am I."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.serializers import MeSerializer
from dce_portal.api.permissions import SignedIn

if TYPE_CHECKING:
    from rest_framework.request import Request

    from apps.accounts.models import User


class MeView(APIView):
    """Who asks, and what the credential allows."""

    permission_classes = (SignedIn,)

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Answer with the person's own facts."""
        me = cast("User", request.user)
        credential = {
            "credential": str(request.auth) if request.auth else "session",
            "scopes": getattr(request.auth, "scopes", None),
        }
        return Response(MeSerializer(me, context=credential).data)

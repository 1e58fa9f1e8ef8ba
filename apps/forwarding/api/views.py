"""Receivers of the audit in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.response import Response

from apps.forwarding.api.serializers import ForwardSerializer, ForwardWish
from apps.forwarding.models import Forward
from apps.forwarding.services.receivers import delete_forward, save_forward
from dce_portal.api.viewsets import ReadOnlyViewSet
from dce_portal.errors import Conflict
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request


class ForwardViewSet(ReadOnlyViewSet):
    """Who the audit is sent on to."""

    model = Forward
    serializer_class = ForwardSerializer
    ordering = ("name", "pk")

    def select(self) -> QuerySet[Forward]:
        """All of them, for those who may see any."""
        return Forward.objects.all()

    @extend_schema(request=ForwardWish, responses={201: ForwardSerializer})
    def create(self, request: Request) -> Response:
        """Add a receiver; what happens from now on is sent to it."""
        body = self.get_serializer(self._saved(Forward(), request, is_partial=False)).data
        headers = {"Location": body["url"]}
        return Response(body, status=status.HTTP_201_CREATED, headers=headers)

    @extend_schema(request=ForwardWish(partial=True), responses={200: ForwardSerializer})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a receiver; what waits is tried at once."""
        forward = self._saved(self.get_object(), request, is_partial=True)
        return Response(self.get_serializer(forward).data)

    @extend_schema(responses={204: OpenApiResponse(description="Removed.")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove a receiver; what it has got stays there."""
        delete_forward(self.get_object(), origin=Origin.of_request(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _saved(self, forward: Forward, request: Request, *, is_partial: bool) -> Forward:
        wish = ForwardWish(data=request.data, partial=is_partial)
        wish.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(wish.validated_data)
        secret = values.pop("secret", None)
        taken = Forward.objects.filter(name=values.get("name", "")).exclude(pk=forward.pk)
        if taken.exists():
            message = _("There is a receiver of this name already. Nothing was changed.")
            raise Conflict(message, field="name")
        return save_forward(forward, values, secret=secret, origin=Origin.of_request(request))

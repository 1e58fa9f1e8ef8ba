"""Operations in the API: one's own, or all for those who may view them; and the answer to what starts one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.reverse import reverse

from dce_portal import operations
from dce_portal.api.permissions import SignedIn
from dce_portal.api.serializers import OperationSerializer
from dce_portal.api.viewsets import ReadOnlyViewSet
from dce_portal.errors import Conflict, PermissionDenied
from dce_portal.models import Operation, OperationState

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request

STARTED = {
    (202, "application/json"): OpenApiResponse(
        OperationSerializer, description="Started; follow the operation at `Location`."
    )
}
LOCATION = OpenApiParameter(
    "Location", str, OpenApiParameter.HEADER, response=[202], description="The operation's address."
)


def started(operation: Operation, *, request: Request) -> Response:
    """Answer 202 with the operation and its address."""
    address = reverse("api:operation-detail", args=[operation.pk], request=request)
    body = OperationSerializer(operation, context={"request": request}).data
    return Response(body, status=status.HTTP_202_ACCEPTED, headers={"Location": address})


class OperationFilters(filters.FilterSet):
    """By state, kind and target."""

    state = filters.ChoiceFilter(choices=OperationState.choices)
    kind = filters.CharFilter(max_length=64)
    target_kind = filters.CharFilter(max_length=32)
    target_id = filters.CharFilter(max_length=128)


class OperationViewSet(ReadOnlyViewSet):
    """What people started: my own, or everybody's with the right to view operations."""

    model = Operation
    permission_classes = (SignedIn,)
    serializer_class = OperationSerializer
    filterset_class = OperationFilters
    ordering = ("-created_at", "-pk")

    def select(self) -> QuerySet[Operation]:
        """Own ones, or all."""
        return operations.operations_visible_to(self.person)

    @extend_schema(request=None, responses=OperationSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Ask an operation to stop at the next safe point; one that waits never begins."""
        operation: Operation = self.get_object()
        if not operations.may_cancel(request.user, operation):
            raise PermissionDenied(_("Only the person who started it may cancel this operation."))
        if not operations.request_cancel(operation):
            raise Conflict(_("This operation is over already; nothing was changed."))
        operation.refresh_from_db()
        return Response(self.get_serializer(operation).data)

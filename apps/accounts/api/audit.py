"""The audit trail: read, filtered, and taken along as CSV or JSON lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action

from apps.accounts.exporting import KINDS, export_audit
from apps.accounts.models import AuditEvent
from dce_portal.api.filters import SearchFilter, refuse_unclear
from dce_portal.api.permissions import ModelRights
from dce_portal.api.viewsets import ReadOnlyViewSet
from dce_portal.errors import InvalidInput
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request


class AuditFilters(filters.FilterSet):
    """Of audit entries."""

    actor = filters.CharFilter(field_name="actor_label", max_length=150)
    action = filters.CharFilter(max_length=64)
    result = filters.ChoiceFilter(choices=AuditEvent.Result.choices)
    target_kind = filters.CharFilter(max_length=32)
    target_id = filters.CharFilter(max_length=128)
    address = filters.CharFilter(max_length=64)
    since = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    until = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")
    search = SearchFilter("actor_label", "action", "target_label", "address", "credential")


class ExportFilters(AuditFilters):
    """The same, and the form."""

    form = filters.ChoiceFilter(
        choices=[(kind, kind) for kind in KINDS],
        method="keep_all",
        help_text=_("csv or jsonl; jsonl when left out."),
    )

    def keep_all(self, events: QuerySet[AuditEvent], name: str, value: str) -> QuerySet[AuditEvent]:
        """The form narrows nothing."""
        return events


class AuditSerializer(serializers.ModelSerializer[AuditEvent]):
    """One entry."""

    url = serializers.HyperlinkedIdentityField(view_name="api:audit-detail")
    actor = serializers.CharField(source="actor_label", read_only=True)

    class Meta:
        """All facts."""

        model = AuditEvent
        fields = (
            "id",
            "url",
            "at",
            "actor",
            "credential",
            "address",
            "action",
            "target_kind",
            "target_id",
            "target_label",
            "result",
            "detail",
        )
        read_only_fields = fields


class AuditViewSet(ReadOnlyViewSet):
    """Who did what, for those with the right to view the audit."""

    model = AuditEvent
    permission_classes = (ModelRights,)
    serializer_class = AuditSerializer
    filterset_class = AuditFilters
    ordering = ("-pk",)

    def select(self) -> QuerySet[AuditEvent]:
        """All; the right is asked for before."""
        return AuditEvent.objects.all()

    @extend_schema(
        filters=True,
        responses={
            (200, "application/x-ndjson"): OpenApiTypes.BYTE,
            (200, "text/csv"): OpenApiTypes.BYTE,
            400: OpenApiResponse(description="A filter that cannot be meant."),
        },
    )
    @action(detail=False, methods=["get"], filterset_class=ExportFilters, pagination_class=None)
    def export(self, request: Request) -> StreamingHttpResponse:
        """Send all entries that the filters leave, newest first, row by row; this is an entry of its own."""
        asked = dict(request.query_params.lists())
        for name, values in asked.items():
            refuse_unclear(name, values, known=set(ExportFilters.base_filters))
        found = ExportFilters(request.query_params, queryset=self.get_queryset())
        if not found.is_valid():
            field, errors = next(iter(found.errors.items()))
            raise InvalidInput(str(errors[0]), field=field)
        kind = request.query_params.get("form", "jsonl")
        origin = Origin.of_request(request)
        wish = {name: values[0] for name, values in asked.items()}
        return export_audit(found.qs, kind=kind, origin=origin, asked=wish)

"""Right-sizing in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_filters import rest_framework as filters
from rest_framework import serializers

from apps.metrics.right_sizing.lines import line_of
from apps.metrics.right_sizing.models import ServiceSizing
from apps.metrics.right_sizing.selectors import sizings_visible_to
from dce_portal.api.filters import IdFilter, SearchFilter
from dce_portal.api.viewsets import ReadOnlyViewSet

if TYPE_CHECKING:
    from django.db.models import QuerySet

FIGURES = (
    *("verdict", "p50", "p95", "highest", "reservation", "limit"),
    *("suggested_reservation", "suggested_limit", "saving"),
)


class SizingSerializer(serializers.ModelSerializer[ServiceSizing]):
    """One service: CPU in cores, memory in bytes, use and promises a task, savings of all its tasks."""

    service_name = serializers.CharField(source="service.name")
    cluster = serializers.IntegerField(source="service.cluster_id")
    stack = serializers.CharField(source="service.stack")
    command = serializers.SerializerMethodField()

    class Meta:
        """The row, and what it is of."""

        model = ServiceSizing
        fields = (
            *("id", "service", "service_name", "cluster", "stack"),
            *("reckoned_at", "days", "tasks", "verdict"),
            *(f"{resource}_{name}" for resource in ("cpu", "memory") for name in FIGURES),
            *("cpu_throttled_share", "command"),
        )

    def get_command(self, row: ServiceSizing) -> str:
        """The docker command that does what is suggested; empty where nothing is."""
        return line_of(row).command

    def to_representation(self, instance: ServiceSizing) -> dict[str, Any]:
        """Figures without the dust of reckoning."""
        shown = super().to_representation(instance)
        return {k: round(v, 4) if isinstance(v, float) else v for k, v in shown.items()}


class SizingFilters(filters.FilterSet):
    """Whose rows, and which verdict."""

    cluster = IdFilter(field_name="service__cluster")
    service = IdFilter(field_name="service")
    verdict = filters.ChoiceFilter(choices=ServiceSizing.Verdict.choices)
    search = SearchFilter("service__name", "service__stack")

    class Meta:
        """Only what is declared."""

        model = ServiceSizing
        fields: tuple[str, ...] = ()


class SizingViewSet(ReadOnlyViewSet):
    """What services reserve against what they use, with a suggestion; reckoned hourly."""

    model = ServiceSizing
    serializer_class = SizingSerializer
    filterset_class = SizingFilters
    ordering = ("service__name", "pk")
    action_permissions = {"list": "workloads.view_service", "retrieve": "workloads.view_service"}

    def select(self) -> QuerySet[ServiceSizing]:
        """All that the person may see."""
        return sizings_visible_to(self.person)

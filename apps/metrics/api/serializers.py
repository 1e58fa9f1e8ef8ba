"""How usage is asked for and answered in the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers

from apps.metrics.measures import MEASURES
from apps.metrics.models import MetricObject
from apps.metrics.series import Range
from dce_portal.api.queries import no_strange_fields

DEFAULT_RANGE = timedelta(minutes=15)
LONGEST_RANGE = timedelta(days=731)


class SamplesQuery(serializers.Serializer[dict[str, Any]]):
    """Whose usage, from when to when, in how many points."""

    kind = serializers.ChoiceField(choices=MetricObject.Kind.choices)
    ref = serializers.RegexField(r"^[0-9]{1,18}$", help_text="The object's number in this API.")
    to = serializers.DateTimeField(required=False, help_text="Now, if left out.")
    points = serializers.IntegerField(
        default=600, min_value=10, max_value=2000, help_text="At most this many moments."
    )
    measures = serializers.CharField(
        required=False, help_text="Names with commas between; all, if left out."
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add `from`, which Python keeps for itself."""
        start = serializers.DateTimeField(
            required=False, help_text="A quarter of an hour before `to`, if left out."
        )
        return {**super().get_fields(), "from": start}

    def validate_measures(self, value: str) -> tuple[str, ...]:
        """Every name must be a measure."""
        names = tuple(dict.fromkeys(value.split(",")))
        if unknown := [name for name in names if name not in MEASURES]:
            text = _("%(name)s is not measured; there are %(all)s.")
            raise serializers.ValidationError(
                text % {"name": unknown[0], "all": ", ".join(MEASURES)}
            )
        return names

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Turn the moments into a range that can be answered; a misspelt name is refused."""
        no_strange_fields(self, attrs)
        end = attrs.get("to") or timezone.now()
        start = attrs.get("from") or end - DEFAULT_RANGE
        if start >= end:
            raise serializers.ValidationError({"from": _("It must be before the end, `to`.")})
        if end - start > LONGEST_RANGE:
            raise serializers.ValidationError({"from": _("It may be two years before `to`.")})
        span = Range(int(start.timestamp()), int(end.timestamp()) + 1, attrs["points"])
        return {"measures": MEASURES, **attrs, "span": span}


class SamplesAnswer(serializers.Serializer[dict[str, Any]]):
    """Columns of equal length; a `null` says that the measure could not be told."""

    kind = serializers.CharField()
    ref = serializers.IntegerField()
    tier = serializers.ChoiceField(choices=["raw", "minute", "quarter_hour", "two_hours"])
    step_s = serializers.IntegerField(help_text="Seconds that one moment stands for.")
    gap_s = serializers.IntegerField(help_text="A longer silence than this is a gap.")
    told_by = serializers.CharField(allow_null=True, help_text="Where the figures come from.")
    limits = serializers.DictField(child=serializers.FloatField(allow_null=True))
    reservations = serializers.DictField(
        child=serializers.FloatField(), help_text="What its running tasks are promised."
    )
    capacity = serializers.DictField(
        child=serializers.FloatField(), help_text="What the machines have where it may run."
    )
    units = serializers.DictField(child=serializers.CharField())
    at = serializers.ListField(
        child=serializers.IntegerField(), help_text="Seconds since 1970-01-01 UTC."
    )
    columns = serializers.DictField(
        child=serializers.ListField(child=serializers.FloatField(allow_null=True)),
        help_text="For each measure its mean, and as `<measure>_max` and `<measure>_min` its highest and least value.",
    )

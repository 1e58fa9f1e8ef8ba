"""Outlooks and times to full in the API."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from django.db.models import Q
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.metrics.measures import MEASURES, UNITS
from apps.metrics.models import MetricObject, TimeToFull
from apps.metrics.outlooks import words
from apps.metrics.outlooks.selectors import (
    HORIZONS,
    MOST_TIMES,
    Filling,
    Kept,
    OutlookView,
    filling_up,
    outlook_of,
)
from dce_portal.api.permissions import SignedIn
from dce_portal.api.queries import no_strange_fields

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rest_framework.request import Request

    from apps.accounts.models import User
    from apps.metrics.outlooks.history import Hours

DIGITS = 4


class OutlookQuery(serializers.Serializer[dict[str, Any]]):
    """Of what, of which measure, how far ahead."""

    kind = serializers.ChoiceField(choices=MetricObject.Kind.choices)
    ref = serializers.RegexField(r"^[0-9]{1,18}$", help_text="The object's number in this API.")
    measure = serializers.ChoiceField(choices=MEASURES)
    horizon = serializers.ChoiceField(choices=list(HORIZONS), default="24h")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A misspelt name is refused."""
        return no_strange_fields(self, attrs)


class CurveAnswer(serializers.Serializer[dict[str, Any]]):
    """Columns of equal length: the beginning of each hour, its expected mean, and the edges of the 80 % band."""

    issued_at = serializers.DateTimeField()
    is_proven = serializers.BooleanField(help_text="Better than both simple guesses of late.")
    against_yesterday = serializers.FloatField(allow_null=True, help_text="1 perfect, 0 as good.")
    against_last_value = serializers.FloatField(allow_null=True, help_text="1 perfect, 0 as good.")
    at = serializers.ListField(child=serializers.IntegerField(), help_text="Seconds since 1970.")
    point = serializers.ListField(child=serializers.FloatField())
    lower = serializers.ListField(child=serializers.FloatField())
    upper = serializers.ListField(child=serializers.FloatField())


class HoursAnswer(serializers.Serializer[dict[str, Any]]):
    """The hours that came, those that are known."""

    at = serializers.ListField(child=serializers.IntegerField(), help_text="Seconds since 1970.")
    mean = serializers.ListField(child=serializers.FloatField())


class MissingAnswer(serializers.Serializer[dict[str, Any]]):
    """Why there is no outlook."""

    reason = serializers.ChoiceField(choices=["history", "waiting", "silent"])
    known_hours = serializers.IntegerField()
    needed_hours = serializers.IntegerField()
    ready_at = serializers.DateTimeField(allow_null=True)
    last_at = serializers.DateTimeField(allow_null=True)


class AccuracyAnswer(serializers.Serializer[dict[str, Any]]):
    """How the forecasts of the last 30 days did; errors in the measure's unit."""

    measure = serializers.CharField()
    forecasts = serializers.IntegerField()
    hit_share = serializers.FloatField(help_text="Of the hours, those inside the 80 % band.")
    error = serializers.FloatField()
    error_yesterday = serializers.FloatField()
    error_last_value = serializers.FloatField()


class ThresholdAnswer(serializers.Serializer[dict[str, Any]]):
    """When one share of the capacity is reached; `late_at` is null where it may never be."""

    threshold = serializers.IntegerField(help_text="80, 90 or 100 percent.")
    expected_at = serializers.DateTimeField()
    early_at = serializers.DateTimeField()
    late_at = serializers.DateTimeField(allow_null=True)
    used = serializers.FloatField()
    capacity = serializers.FloatField()


class OutlookAnswer(serializers.Serializer[dict[str, Any]]):
    """The newest outlook, the one that ended where it begins, and the hours that came meanwhile."""

    kind = serializers.CharField()
    ref = serializers.IntegerField()
    measure = serializers.CharField()
    unit = serializers.CharField()
    horizon = serializers.CharField()
    step_s = serializers.IntegerField()
    capacity = serializers.FloatField(allow_null=True)
    newest = CurveAnswer(allow_null=True)
    earlier = CurveAnswer(allow_null=True)
    history = HoursAnswer()
    missing = MissingAnswer(allow_null=True)
    accuracy = AccuracyAnswer(allow_null=True)
    times_to_full = ThresholdAnswer(many=True)
    says = serializers.DictField(
        child=serializers.CharField(allow_blank=True), help_text="The same in sentences."
    )


class FillingQuery(serializers.Serializer[dict[str, Any]]):
    """Which of the things that fill up."""

    kind = serializers.ChoiceField(choices=MetricObject.Kind.choices, required=False)
    ref = serializers.RegexField(r"^[0-9]{1,18}$", required=False)
    cluster = serializers.RegexField(r"^[0-9]{1,18}$", required=False)
    measure = serializers.ChoiceField(choices=MEASURES, required=False)
    limit = serializers.IntegerField(default=50, min_value=1, max_value=MOST_TIMES)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A number needs its kind; a misspelt name is refused."""
        if "ref" in attrs and "kind" not in attrs:
            raise serializers.ValidationError({"kind": _("A number needs the kind as well.")})
        return no_strange_fields(self, attrs)


class FillingAnswer(serializers.Serializer[dict[str, Any]]):
    """One thing that fills up."""

    kind = serializers.CharField()
    ref = serializers.IntegerField()
    name = serializers.CharField()
    measure = serializers.CharField()
    unit = serializers.CharField()
    says = serializers.CharField()
    times_to_full = ThresholdAnswer(many=True)


class FillingList(serializers.Serializer[dict[str, Any]]):
    """What is full soonest, first."""

    results = FillingAnswer(many=True)


class OutlookApiView(APIView):
    """What one cluster, node or service is expected to use."""

    permission_classes = (SignedIn,)

    @extend_schema(operation_id="outlooks_read", parameters=[OutlookQuery], responses=OutlookAnswer)
    def get(self, request: Request) -> Response:
        """Answer in columns of hours, and in sentences."""
        query = OutlookQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        view = outlook_of(cast("User", request.user), **query.validated_data)
        return Response(_outlook(view))


class TimeToFullView(APIView):
    """When disks, memory, volumes and namespaces are full."""

    permission_classes = (SignedIn,)

    @extend_schema(
        operation_id="time_to_full_list", parameters=[FillingQuery], responses=FillingList
    )
    def get(self, request: Request) -> Response:
        """Answer the worst first, at most as many as were asked for."""
        query = FillingQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked: dict[str, Any] = query.validated_data
        columns = {"kind": "object__kind", "ref": "object__ref", "cluster": "object__cluster_ref"}
        wanted = Q(
            **{columns.get(name, name): value for name, value in asked.items() if name != "limit"}
        )
        found = filling_up(cast("User", request.user), limit=asked["limit"], wanted=wanted)
        return Response({"results": [_filling(one) for one in found]})


def _outlook(view: OutlookView) -> dict[str, Any]:
    return {
        "kind": view.kind,
        "ref": view.ref,
        "measure": view.measure,
        "unit": UNITS[view.measure],
        "horizon": view.horizon,
        "step_s": 3600,
        "capacity": view.newest.row.capacity if view.newest else None,
        "newest": _curve(view.newest),
        "earlier": _curve(view.earlier),
        "history": _hours(view.history),
        "missing": asdict(view.missing) if view.missing else None,
        "accuracy": asdict(view.accuracy) if view.accuracy else None,
        "times_to_full": _thresholds(view.times_to_full),
        "says": words.says(view),
    }


def _curve(kept: Kept | None) -> dict[str, Any] | None:
    if kept is None:
        return None
    row, hours = kept.row, range(kept.row.start_s, kept.row.end_s, kept.row.step_s)
    about = ("issued_at", "is_proven", "against_yesterday", "against_last_value")
    edges = ("point", "lower", "upper")
    return {
        **{name: getattr(row, name) for name in about},
        "at": list(hours),
        **{name: _rounded(getattr(kept.curve, name)) for name in edges},
    }


def _hours(hours: Hours | None) -> dict[str, list[Any]]:
    if hours is None:
        return {"at": [], "mean": []}
    return {"at": hours.start_s.tolist(), "mean": _rounded(hours.mean)}


def _rounded(values: Iterable[float]) -> list[float]:
    return [round(float(value), DIGITS) for value in values]


def _filling(one: Filling) -> dict[str, Any]:
    return {
        "kind": one.object.kind,
        "ref": one.object.ref,
        "name": one.object.label,
        "measure": one.measure,
        "unit": UNITS[one.measure],
        "says": words.full_sentence(one.times),
        "times_to_full": _thresholds(one.times),
    }


def _thresholds(times: Iterable[TimeToFull]) -> list[dict[str, Any]]:
    names = ("threshold", "expected_at", "early_at", "late_at", "used", "capacity")
    return [{name: getattr(one, name) for name in names} for one in times]

"""Alerts and their rules in the API: read, acknowledge; make, change, try and delete rules."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.serializers import ValidationError

from apps.alerts import selectors, services
from apps.alerts.api.filters import AlertFilters, AlertRuleFilters
from apps.alerts.api.serializers import (
    AlertDetailSerializer,
    AlertRuleSerializer,
    AlertRuleWishSerializer,
    AlertSerializer,
    NoteSerializer,
    TriedSerializer,
)
from apps.alerts.models import Alert, AlertRule
from apps.alerts.pages.words import tried_in_words
from apps.alerts.selectors.history import try_out
from apps.alerts.selectors.preview import preview
from dce_portal.api.serializers import NothingSerializer
from dce_portal.api.viewsets import ReadOnlyViewSet
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request

    from apps.alerts.rules.trying import Tried

ACKNOWLEDGE = "alerts.acknowledge_alert"
VIEW_RULES = "alerts.view_alertrule"
MOST_FIRINGS = 100


class AlertViewSet(ReadOnlyViewSet):
    """What the rules found, newest first; `?state=firing&explained=false` is what is wrong now."""

    model = Alert
    serializer_class = AlertSerializer
    filterset_class = AlertFilters
    ordering = ("-opened_at", "-pk")
    action_permissions = {"acknowledge": ACKNOWLEDGE, "take_back": ACKNOWLEDGE}

    def select(self) -> QuerySet[Alert]:
        """All that the person may see."""
        return selectors.alerts_visible_to(self.person)

    @extend_schema(responses=AlertDetailSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One alert with its steps."""
        return self._shown(self.get_object())

    @extend_schema(request=NoteSerializer, responses=AlertDetailSerializer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: str) -> Response:
        """Say that I look after it."""
        alert, body = self.get_object(), NoteSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        note, origin = body.validated_data["note"], Origin.of_request(request)
        services.acknowledge(alert, by=self.person, note=note, origin=origin)
        return self._shown(alert)

    @extend_schema(request=NothingSerializer, responses=AlertDetailSerializer)
    @action(detail=True, methods=["post"], url_path="take-back")
    def take_back(self, request: Request, pk: str) -> Response:
        """Take the acknowledgement back: nobody looks after it any more."""
        alert = self.get_object()
        NothingSerializer(data=request.data).is_valid(raise_exception=True)
        services.take_back(alert, by=self.person, origin=Origin.of_request(request))
        return self._shown(alert)

    def _shown(self, alert: Alert) -> Response:
        fresh = self.select().prefetch_related("changes__by").get(pk=alert.pk)
        return Response(AlertDetailSerializer(fresh, context=self.get_serializer_context()).data)


class AlertRuleViewSet(ReadOnlyViewSet):
    """The rules; those that came with the portal can be changed and switched off, not deleted."""

    model = AlertRule
    serializer_class = AlertRuleSerializer
    filterset_class = AlertRuleFilters
    ordering = ("name", "pk")
    action_permissions = {"try_rule": VIEW_RULES, "try_wish": VIEW_RULES}

    def select(self) -> QuerySet[AlertRule]:
        """All that the person may see."""
        return selectors.rules_visible_to(self.person)

    @extend_schema(request=AlertRuleWishSerializer, responses={201: AlertRuleSerializer})
    def create(self, request: Request) -> Response:
        """Make a rule."""
        rule = self._rule_of(request, AlertRule())
        services.save_rule(rule, origin=Origin.of_request(request))
        body = self.get_serializer(rule).data
        headers = {"Location": body["url"]}
        return Response(body, status=status.HTTP_201_CREATED, headers=headers)

    @extend_schema(request=AlertRuleWishSerializer, responses=AlertRuleSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what is named, and leave the rest."""
        rule = self._rule_of(request, self.get_object(), is_partial=True)
        services.save_rule(rule, origin=Origin.of_request(request))
        return Response(self.get_serializer(rule).data)

    @extend_schema(responses={204: OpenApiResponse(description="Deleted.")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a rule; its past alerts stay."""
        services.delete_rule(self.get_object(), origin=Origin.of_request(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=TriedSerializer)
    @action(
        detail=True, methods=["get"], url_path="try", pagination_class=None, filterset_class=None
    )
    def try_rule(self, request: Request, pk: str) -> Response:
        """Tell what the rule watches now, and how often it would have fired in the last seven days."""
        return Response(_tried(self.get_object()))

    @extend_schema(
        operation_id="alert_rules_try_wish",
        request=AlertRuleWishSerializer,
        responses=TriedSerializer,
    )
    @action(detail=False, methods=["post"], url_path="try")
    def try_wish(self, request: Request) -> Response:
        """Tell the same of a rule that is not saved; nothing is kept."""
        rule = self._rule_of(request, AlertRule())
        services.check_rule(rule)
        return Response(_tried(rule))

    def _rule_of(self, request: Request, rule: AlertRule, *, is_partial: bool = False) -> AlertRule:
        wish = AlertRuleWishSerializer(data=request.data, partial=is_partial)
        wish.is_valid(raise_exception=True)
        for name, value in wish.validated_data.items():
            setattr(rule, name, value)
        if AlertRule.objects.filter(name=rule.name).exclude(pk=rule.pk).exists():
            raise ValidationError({"name": [services.NAME_IS_TAKEN]})
        return rule


def _tried(rule: AlertRule) -> dict[str, Any]:
    seen, tried = preview(rule), try_out(rule)
    return {
        "watched": seen.count,
        "in_trouble": seen.troubled_count,
        "since": _moment(tried.since_s),
        "until": _moment(tried.until_s),
        "looked_at": tried.looked_at,
        "count": tried.count,
        "total_s": tried.total_s,
        "sentence": tried_in_words(rule, tried, most=0)["sentence"],
        "reason": tried.reason,
        "fired": _firings(tried),
    }


def _firings(tried: Tried) -> list[dict[str, Any]]:
    return [
        {
            "object_kind": subject.kind,
            "object_ref": subject.ref,
            "object_label": subject.label,
            "fired_at": _moment(firing.fired_s),
            "cleared_at": None if firing.cleared_s is None else _moment(firing.cleared_s),
            "peak": firing.peak,
        }
        for subject, firing in reversed(tried.fired[-MOST_FIRINGS:])
    ]


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)

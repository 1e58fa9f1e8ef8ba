"""What lists of alerts and rules can be narrowed by."""

from __future__ import annotations

from django_filters import rest_framework as filters

from apps.alerts.models import Alert, AlertRule, Severity
from apps.alerts.rules.catalogue import KIND_WORDS
from dce_portal.api.filters import IdFilter, SearchFilter

KINDS = list(KIND_WORDS.items())


class AlertFilters(filters.FilterSet):
    """Of alerts."""

    state = filters.ChoiceFilter(choices=Alert.State.choices)
    severity = filters.ChoiceFilter(choices=Severity.choices)
    rule = IdFilter(field_name="rule_id")
    cluster = IdFilter(field_name="cluster_id")
    object_kind = filters.ChoiceFilter(choices=KINDS)
    object_ref = IdFilter(field_name="object_ref")
    acknowledged = filters.BooleanFilter(
        field_name="acknowledged_at", lookup_expr="isnull", exclude=True
    )
    explained = filters.BooleanFilter(field_name="inhibited_by", lookup_expr="isnull", exclude=True)
    since = filters.IsoDateTimeFilter(field_name="opened_at", lookup_expr="gte")
    until = filters.IsoDateTimeFilter(field_name="opened_at", lookup_expr="lt")
    search = SearchFilter("rule_name", "object_label")


class AlertRuleFilters(filters.FilterSet):
    """Of rules."""

    enabled = filters.BooleanFilter(field_name="is_enabled")
    condition = filters.ChoiceFilter(choices=AlertRule.Condition.choices)
    severity = filters.ChoiceFilter(choices=Severity.choices)
    object_kind = filters.ChoiceFilter(choices=KINDS)
    search = SearchFilter("name")

"""How alerts and rules look in the API; numbers are in the unit that the answer names."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.alerts.models import Alert, AlertChange, AlertRule
from apps.alerts.pages.words import rule_in_words, unit_of_rule
from apps.alerts.rules import catalogue
from apps.alerts.rules.checking import WINDOWS_S
from apps.metrics.measures import MEASURES
from apps.nodes.models import Cluster
from dce_portal.api.serializers import StrictSerializer

LARGEST_SPAN_S = 7 * 24 * 3600
LARGEST_VALUE = 1e18
METRICS = ("", *MEASURES, *catalogue.FACTS)


class CulpritSerializer(serializers.Serializer[dict[str, Any]]):
    """One of the three containers that took the most when it fired."""

    kind = serializers.CharField()
    ref = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]  # the answer's own name
    metric = serializers.CharField()
    value = serializers.FloatField()
    unit = serializers.CharField()


class AlertChangeSerializer(serializers.ModelSerializer[AlertChange]):
    """One step of an alert."""

    by = serializers.CharField(source="by.username", allow_null=True, default=None, read_only=True)

    class Meta:
        """All facts."""

        model = AlertChange
        fields = ("at", "kind", "sequence", "value", "by", "note")
        read_only_fields = fields


class AlertSerializer(serializers.ModelSerializer[Alert]):
    """An alert; `inhibited_by` is the one that explains it, so that nobody was told of this one."""

    url = serializers.HyperlinkedIdentityField(view_name="api:alert-detail")
    culprits = CulpritSerializer(many=True, read_only=True)
    acknowledged_by = serializers.CharField(
        source="acknowledged_by.username", allow_null=True, default=None, read_only=True
    )

    class Meta:
        """All facts."""

        model = Alert
        fields = (
            "id",
            "url",
            "rule",
            "rule_name",
            "severity",
            "state",
            "metric",
            "unit",
            "object_kind",
            "object_ref",
            "object_label",
            "cluster",
            "opened_at",
            "fired_at",
            "cleared_at",
            "last_value",
            "peak",
            "bound",
            "culprits",
            "group_key",
            "is_flapping",
            "inhibited_by",
            "acknowledged_by",
            "acknowledged_at",
            "acknowledged_note",
            "words",
        )
        read_only_fields = fields


class AlertDetailSerializer(AlertSerializer):
    """The same with its steps, oldest first."""

    changes = AlertChangeSerializer(many=True, read_only=True)

    class Meta:
        """One more."""

        model = Alert
        fields = (*AlertSerializer.Meta.fields, "changes")
        read_only_fields = fields


class NoteSerializer(StrictSerializer):
    """What whoever takes an alert says."""

    note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class AlertRuleSerializer(serializers.ModelSerializer[AlertRule]):
    """A rule; `unit` is what `value` and `clear_value` are given in, `sentence` the condition in words."""

    url = serializers.HyperlinkedIdentityField(view_name="api:alert-rule-detail")
    unit = serializers.SerializerMethodField()
    sentence = serializers.SerializerMethodField()
    is_stock = serializers.BooleanField(read_only=True)
    owner = serializers.CharField(
        source="owner.username", allow_null=True, default=None, read_only=True
    )

    class Meta:
        """All facts; `matched` counts objects in trouble at the last look, also beyond the cap of alerts."""

        model = AlertRule
        fields = (
            "id",
            "url",
            "name",
            "is_enabled",
            "condition",
            "metric",
            "object_kind",
            "selection",
            "selector",
            "cluster",
            "comparison",
            "value",
            "unit",
            "against",
            "window_s",
            "for_s",
            "min_samples",
            "clear_value",
            "clear_for_s",
            "severity",
            "words",
            "sentence",
            "is_stock",
            "owner",
            "matched",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    def get_unit(self, rule: AlertRule) -> str:
        """Of its value."""
        return unit_of_rule(rule)

    def get_sentence(self, rule: AlertRule) -> str:
        """In the language of the request."""
        return rule_in_words(rule)


def _span(**facts: Any) -> serializers.IntegerField:  # noqa: ANN401 - the field's own options
    return serializers.IntegerField(min_value=0, max_value=LARGEST_SPAN_S, **facts)


class AlertRuleWishSerializer(StrictSerializer):
    """What a rule shall be; values in the unit that follows from condition, metric and comparison."""

    name = serializers.CharField(max_length=120)
    is_enabled = serializers.BooleanField(default=True)
    condition = serializers.ChoiceField(choices=AlertRule.Condition.choices)
    metric = serializers.ChoiceField(
        choices=METRICS,
        default="",
        help_text="A measure, or a fact where the condition is an event.",
    )
    object_kind = serializers.ChoiceField(choices=list(catalogue.KIND_WORDS))
    selection = serializers.ChoiceField(
        choices=AlertRule.Selection.choices, default=AlertRule.Selection.ALL
    )
    selector = serializers.CharField(max_length=250, allow_blank=True, default="")
    cluster: serializers.PrimaryKeyRelatedField[Cluster] = serializers.PrimaryKeyRelatedField(
        queryset=Cluster.objects.all(), allow_null=True, default=None
    )
    comparison = serializers.ChoiceField(
        choices=AlertRule.Comparison.choices, default=AlertRule.Comparison.ABOVE
    )
    value = serializers.FloatField(min_value=-LARGEST_VALUE, max_value=LARGEST_VALUE)
    against = serializers.ChoiceField(
        choices=AlertRule.Against.choices, default=AlertRule.Against.ABSOLUTE
    )
    window_s = serializers.ChoiceField(choices=WINDOWS_S, default=60)
    for_s = _span(default=0)
    min_samples = serializers.IntegerField(min_value=1, max_value=1000, default=1)
    clear_value = serializers.FloatField(
        min_value=-LARGEST_VALUE, max_value=LARGEST_VALUE, allow_null=True, default=None
    )
    clear_for_s = _span(default=60)
    severity = serializers.ChoiceField(choices=["info", "warning", "critical"], default="warning")
    words = serializers.CharField(max_length=4000, allow_blank=True, default="")


class FiringSerializer(serializers.Serializer[dict[str, Any]]):
    """One time that it would have fired."""

    object_kind = serializers.CharField()
    object_ref = serializers.IntegerField()
    object_label = serializers.CharField()
    fired_at = serializers.DateTimeField()
    cleared_at = serializers.DateTimeField(allow_null=True)
    peak = serializers.FloatField()


class TriedSerializer(serializers.Serializer[dict[str, Any]]):
    """What a rule watches now, and what it would have done; `reason` says why that cannot be told."""

    watched = serializers.IntegerField(help_text="Objects that the rule watches now.")
    in_trouble = serializers.IntegerField(help_text="Of these, in trouble at this moment.")
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    looked_at = serializers.IntegerField(help_text="Objects whose past was read.")
    count = serializers.IntegerField(help_text="How many times it would have fired.")
    total_s = serializers.FloatField(help_text="For how long in all.")
    sentence = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    fired = FiringSerializer(many=True, help_text="The newest hundred.")

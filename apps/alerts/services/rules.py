"""What people do to rules: make, change, switch, delete; each leaves an audit entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.services import record_audit
from apps.alerts.models import Alert, AlertRule
from apps.alerts.rules.checking import problems
from apps.alerts.services.deciding import Decision, end
from apps.alerts.services.recording import Before, record
from apps.alerts.services.rounds import MOST_RULES
from apps.metrics.measures import MEASURES
from apps.metrics.models import MetricObject
from dce_portal.errors import Conflict, InvalidInput
from dce_portal.operations import Target
from dce_portal.origin import Origin

NAME_IS_TAKEN = gettext_lazy("Another rule has this name already.")
EDITABLE = (
    "name",
    "is_enabled",
    "condition",
    "metric",
    "object_kind",
    "selection",
    "selector",
    "cluster",
    "against",
    "comparison",
    "value",
    "window_s",
    "for_s",
    "clear_value",
    "clear_for_s",
    "min_samples",
    "severity",
    "words",
)
# A change of one of these makes another rule of it: what it found before says nothing any more.
ABOUT = (
    "condition",
    "metric",
    "object_kind",
    "selection",
    "selector",
    "cluster",
    "against",
    "comparison",
)


def rule_problems(rule: AlertRule) -> Mapping[str, Any]:
    """A sentence for each field that cannot be meant so."""
    return problems(rule, measures=MEASURES, kinds=MetricObject.Kind.values)


def save_rule(rule: AlertRule, *, origin: Origin) -> AlertRule:
    """Make or change a rule, and end what it found under another meaning."""
    check_rule(rule)
    before = AlertRule.objects.filter(pk=rule.pk).first() if rule.pk else None
    with transaction.atomic():
        if before is None:
            _refuse_one_more()
            rule.owner = origin.actor  # type: ignore[assignment]  # the portal's own kind of user
        elif any(_value(before, name) != _value(rule, name) for name in ABOUT):
            _end_alerts(before)
        rule.save()
        detail = {"changes": _difference(before, rule)}
        record_audit(_verb(before), origin=origin, target=target_of(rule), detail=detail)
    return rule


def check_rule(rule: AlertRule) -> None:
    """Refuse what cannot be meant, by the first field that is wrong."""
    for field, sentence in rule_problems(rule).items():
        raise InvalidInput(str(sentence), field=field)


def _refuse_one_more() -> None:
    if AlertRule.objects.count() >= MOST_RULES:
        message = _("There are %(most)d rules already; delete one that nobody needs first.")
        raise Conflict(message % {"most": MOST_RULES})


def _verb(before: AlertRule | None) -> str:
    return "alertrule.add" if before is None else "alertrule.change"


def _value(rule: AlertRule, name: str) -> object:
    return rule.cluster_id if name == "cluster" else getattr(rule, name)


def _difference(before: AlertRule | None, after: AlertRule) -> dict[str, list[object]]:
    """What changed, as old and new; of a new rule everything."""
    pairs = {
        name: [None if before is None else _value(before, name), _value(after, name)]
        for name in EDITABLE
    }
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def switch_rule(rule: AlertRule, *, is_enabled: bool, origin: Origin) -> None:
    """On or off; off ends its alerts."""
    with transaction.atomic():
        if (
            not AlertRule.objects.filter(pk=rule.pk)
            .exclude(is_enabled=is_enabled)
            .update(is_enabled=is_enabled, updated_at=timezone.now())
        ):
            return
        rule.is_enabled = is_enabled
        if not is_enabled:
            _end_alerts(rule)
        verb = "alertrule.on" if is_enabled else "alertrule.off"
        record_audit(verb, origin=origin, target=target_of(rule))


def delete_rule(rule: AlertRule, *, origin: Origin) -> None:
    """Delete a rule of one's own making; its past alerts stay in the history."""
    if rule.is_stock:
        raise Conflict(_("A ready-made rule cannot be deleted; switch it off instead."))
    with transaction.atomic():
        _end_alerts(rule)
        record_audit("alertrule.delete", origin=origin, target=target_of(rule))
        rule.delete()


def _end_alerts(rule: AlertRule) -> None:
    now, decision = timezone.now(), Decision()
    alerts = list(rule.alerts.exclude(state=Alert.State.CLEARED).select_related("rule"))
    for alert in alerts:
        end(alert, now, decision)
    record(decision, before=Before.of(alerts), now=now)


def target_of(rule: AlertRule) -> Target:
    """The rule, as the audit names it."""
    return Target("alertrule", str(rule.pk), rule.name)

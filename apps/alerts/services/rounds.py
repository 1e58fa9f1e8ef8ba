"""One look at all rules: what is asked, decided and written, and how the portal's own pauses are told from silence."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db.models import Count
from django.utils import timezone

from apps.alerts.models import Alert, AlertRule, EvaluationRound
from apps.alerts.rules import flapping
from apps.alerts.rules.looking import Answer
from apps.alerts.selectors.facts import fact_answers
from apps.alerts.selectors.metrics import METRIC_CONDITIONS, Look, metric_answers
from apps.alerts.selectors.outlooks import OUTLOOK_CONDITIONS, outlook_answers
from apps.alerts.services.deciding import Decision, Moment, by_rule, decide, end
from apps.alerts.services.recording import Before, record

log = structlog.get_logger(__name__)

EVERY_S = 10.0
MOST_RULES = 500
# Looks that are further apart than this were interrupted: the portal was away, not what it watches.
PAUSE = timedelta(seconds=60)
# After a pause silence says nothing until every node has had its turn, even one that backs off.
STEADY_AFTER = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class _Pace:
    steady_since: datetime
    is_after_pause: bool


def evaluate(*, now: datetime | None = None) -> EvaluationRound:
    """Look at every rule that is on, write what changed, and keep when that was."""
    now, begun = now or timezone.now(), time.perf_counter()
    pace = _pace(now)
    rules = list(AlertRule.objects.filter(is_enabled=True).order_by("pk")[:MOST_RULES])
    alerts = _open_alerts()
    before = Before.of(alerts)
    answers, looked_at = _answers(rules, alerts, now=now, pace=pace)
    moment = Moment(now, pace.is_after_pause, _flapping(now) if alerts else frozenset())
    record(_decide(rules, answers, alerts, moment), before=before, now=now)
    return _keep(now, pace, rules=len(rules), objects=looked_at, begun=begun)


def _pace(now: datetime) -> _Pace:
    last = EvaluationRound.objects.first()
    if last is None or now - last.at > PAUSE or now < last.at:
        return _Pace(steady_since=now, is_after_pause=True)
    return _Pace(steady_since=last.steady_since, is_after_pause=False)


def _open_alerts() -> list[Alert]:
    rows = Alert.objects.exclude(state=Alert.State.CLEARED)
    return list(rows.select_related("rule").order_by("pk"))


def _answers(
    rules: list[AlertRule], alerts: list[Alert], *, now: datetime, pace: _Pace
) -> tuple[dict[int, Answer], int]:
    """What is known for each rule; a rule without an answer is left as it is."""
    is_steady = now - pace.steady_since >= STEADY_AFTER
    open_keys = frozenset((alert.object_kind, alert.object_ref) for alert in alerts)
    on_metrics = [rule for rule in rules if rule.condition in METRIC_CONDITIONS]
    on_outlooks = [rule for rule in rules if rule.condition in OUTLOOK_CONDITIONS]
    on_facts = [rule for rule in rules if rule.condition == AlertRule.Condition.EVENT]
    answers, looked_at = metric_answers(Look(on_metrics, now, open_keys, is_steady))
    answers |= outlook_answers(on_outlooks, now=now)
    return answers | fact_answers(on_facts, now=now, is_steady=is_steady), looked_at


def _flapping(now: datetime) -> frozenset[tuple[int, str, int]]:
    """Rule and object of what fired often within the last hour."""
    recent = Alert.objects.filter(fired_at__gte=now - timedelta(seconds=flapping.WITHIN_S))
    counted = recent.order_by().values("rule_id", "object_kind", "object_ref")
    often = counted.annotate(n=Count("pk")).filter(n__gte=flapping.FLAPS)
    return frozenset((row["rule_id"], row["object_kind"], row["object_ref"]) for row in often)


def _decide(
    rules: list[AlertRule], answers: dict[int, Answer], alerts: list[Alert], moment: Moment
) -> Decision:
    """Every rule against its alerts; alerts whose rule is gone or off are over."""
    decision, open_by_rule = Decision(), by_rule(alerts)
    for rule in rules:
        own = open_by_rule.pop(rule.pk, [])
        decide(rule, answers.get(rule.pk, Answer()), own, moment, decision)
    for own in open_by_rule.values():
        for alert in own:
            end(alert, moment.now, decision)
    return decision


def _keep(now: datetime, pace: _Pace, *, rules: int, objects: int, begun: float) -> EvaluationRound:
    took_ms = 1000 * (time.perf_counter() - begun)
    facts = {
        "at": now,
        "steady_since": pace.steady_since,
        "took_ms": round(took_ms, 1),
        "rule_count": rules,
        "object_count": objects,
        "error": "",
    }
    return EvaluationRound.objects.update_or_create(pk=1, defaults=facts)[0]


def note_failure(error: Exception) -> None:
    """Keep why the newest look failed; the moment of the last good one stays."""
    EvaluationRound.objects.filter(pk=1).update(error=f"{type(error).__name__}: {error}"[:1000])

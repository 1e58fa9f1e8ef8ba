"""Writes what a look came to, in one transaction: alerts, their steps, and who is to be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from apps.alerts.models import Alert, AlertChange, AlertRule
from apps.alerts.rules.inhibition import explained
from apps.alerts.selectors.culprits import culprits_of
from apps.alerts.selectors.lineage import CAUSING_FACTS, group_keys, places_of
from apps.alerts.services.announcing import TOLD_KINDS, announce
from apps.alerts.services.deciding import Decision
from apps.nodes.models import Cluster
from dce_portal import live

Kind, State = AlertChange.Kind, Alert.State
TOPIC = "alerts:all"
# What a cause brought about may take so long to heal after it.
EXPLAINS_FOR = timedelta(seconds=120)
# How old the stored "last seen" may get while nothing else changes; well within the stepping's patience.
SEEN_EVERY = timedelta(seconds=30)
OWN_FIELDS = (
    "state",
    "opened_at",
    "fired_at",
    "cleared_at",
    "seen_at",
    "clearing_since",
    "last_value",
    "peak",
    "culprits",
    "is_flapping",
    "is_announced",
    "inhibited_by",
)


@dataclass(slots=True)
class Before:
    """What was stored, to write only what changed."""

    rows: dict[int, tuple[object, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, alerts: Sequence[Alert]) -> Before:
        """Remember the open alerts as they were read."""
        return cls({alert.pk: cls._facts(alert) for alert in alerts})

    @staticmethod
    def _facts(alert: Alert) -> tuple[object, ...]:
        facts = (alert.state, alert.clearing_since, alert.inhibited_by_id, alert.is_flapping)
        return (*facts, alert.peak, alert.seen_at)

    def must_write(self, alert: Alert) -> bool:
        """Whether anything but the last value changed, or the last sight is too old."""
        *known, seen_at = self.rows[alert.pk]
        *now, _seen = self._facts(alert)
        is_old = isinstance(seen_at, datetime) and alert.seen_at - seen_at >= SEEN_EVERY
        return known != now or is_old


def record(decision: Decision, *, before: Before, now: datetime) -> list[AlertChange]:
    """Write it all; the same steps come back as rows."""
    with transaction.atomic():
        _create(decision.new, decision.steps, now)
        _explain(decision, now)
        changes = _changes(decision, now)
        _save(decision, before)
        AlertChange.objects.bulk_create(changes)
        _count_matches(decision.matched)
        announce(changes)
        if changes or decision.dropped:
            frame = {"type": "alerts", "changed": [change.alert_id for change in changes[:100]]}
            transaction.on_commit(lambda: live.publish(TOPIC, frame))
    return changes


def _create(new: list[Alert], steps: Sequence[tuple[Alert, str]], now: datetime) -> None:
    """New alerts with their group; whoever fires gets the culprits of this moment."""
    for index, key in group_keys(new).items():
        new[index].group_key = key
    fired = [alert for alert, kind in steps if kind == Kind.FIRED]
    for index, culprits in culprits_of(fired, now=now).items():
        fired[index].culprits = culprits
    _forget_clusters_that_are_gone(new)
    Alert.objects.bulk_create(new)


def _forget_clusters_that_are_gone(new: Sequence[Alert]) -> None:
    """Usage is kept for days after a cluster was forgotten, and names it still."""
    named = {alert.cluster_id for alert in new if alert.cluster_id}
    known = set(Cluster.objects.filter(pk__in=named).values_list("pk", flat=True)) if named else ()
    for alert in new:
        if alert.cluster_id not in known:
            alert.cluster_id = None


def _explain(decision: Decision, now: datetime) -> None:
    """Who is explained by whom now; a firing one that changes sides gets a step of its own."""
    alive = [*decision.new, *decision.kept]
    places = places_of([*alive, *_recent_causes(now), *_causes_over(decision)])
    causes = explained(places)
    fired_now = {id(alert) for alert, kind in decision.steps if kind == Kind.FIRED}
    for alert in alive:
        was, alert.inhibited_by_id = alert.inhibited_by_id, causes.get(alert.pk)
        is_told_already = alert.state == State.FIRING and id(alert) not in fired_now
        if is_told_already and bool(was) != bool(alert.inhibited_by_id):
            kind = Kind.INHIBITED if alert.inhibited_by_id else Kind.RELEASED
            decision.steps.append((alert, kind))


def _causes_over(decision: Decision) -> list[Alert]:
    return [alert for alert in decision.over if alert.rule and alert.rule.metric in CAUSING_FACTS]


def _recent_causes(now: datetime) -> list[Alert]:
    recent = Alert.objects.filter(
        state=State.CLEARED, cleared_at__gte=now - EXPLAINS_FOR, rule__metric__in=CAUSING_FACTS
    )
    return list(recent.select_related("rule"))


def _changes(decision: Decision, now: datetime) -> list[AlertChange]:
    """The steps as rows, numbered after what was stored a moment ago."""
    touched = [alert.pk for alert, _kind in decision.steps]
    stored = Alert.objects.select_for_update().filter(pk__in=touched)
    numbers = dict(stored.values_list("pk", "sequence"))
    changes = []
    for alert, kind in decision.steps:
        numbers[alert.pk] += 1
        alert.sequence = numbers[alert.pk]
        changes.append(
            AlertChange(
                alert=alert,
                at=now,
                kind=kind,
                sequence=alert.sequence,
                value=alert.last_value,
                is_told=not _is_to_be_told(alert, kind),
            )
        )
    return changes


def _is_to_be_told(alert: Alert, kind: str) -> bool:
    """Whether people hear of it: not while another alert explains it, and of an end only after a begin."""
    if kind not in TOLD_KINDS:
        return False
    if kind == Kind.CLEARED:
        return alert.is_announced
    is_news = alert.inhibited_by_id is None and not (kind == Kind.RELEASED and alert.is_announced)
    alert.is_announced = alert.is_announced or is_news
    return is_news


def _save(decision: Decision, before: Before) -> None:
    stepped = {alert.pk for alert, _kind in decision.steps}
    rows = [alert for alert in decision.kept if before.must_write(alert) or alert.pk in stepped]
    Alert.objects.bulk_update(
        [*rows, *decision.over, *decision.new], [*OWN_FIELDS, "sequence"], batch_size=200
    )
    Alert.objects.filter(pk__in=[alert.pk for alert in decision.dropped]).delete()


def _count_matches(matched: dict[int, int]) -> None:
    """How many objects each rule found in trouble, also beyond the cap; only what changed is written."""
    rules = AlertRule.objects.filter(pk__in=matched).only("pk", "matched")
    changed = [rule for rule in rules if rule.matched != matched[rule.pk]]
    for rule in changed:
        rule.matched = matched[rule.pk]
    AlertRule.objects.bulk_update(changed, ["matched"], batch_size=200)

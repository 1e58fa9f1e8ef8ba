"""What the alerts' page shows: what is wrong now, grouped, and what is watched when nothing is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.alerts.models import Alert, AlertRule, EvaluationRound, Severity
from apps.alerts.rules.catalogue import KIND_WORDS
from apps.alerts.selectors.visible import RANK, TONES, alerts_visible_to
from apps.nodes.models import Cluster, Node
from apps.workloads.models import Container, Service

MOST_SHOWN = 300
LATE_AFTER = timedelta(seconds=60)
GROUP_WORDS: dict[str, Promise] = {"stack": _("stack"), **KIND_WORDS}


@dataclass(frozen=True, slots=True)
class Group:
    """Alerts that belong together, the worst first."""

    kind: str
    name: str
    tone: str
    alerts: tuple[Alert, ...]

    @property
    def words(self) -> str:
        """What kind of thing it is."""
        return str(GROUP_WORDS.get(self.kind, self.kind))


def board(user: User) -> dict[str, Any]:
    """Everything at once, in a number of queries that does not grow with the alerts."""
    rows = list(_open(user))
    firing = [one for one in rows if one.state == Alert.State.FIRING and not one.inhibited_by_id]
    return {
        "groups": groups_of(firing),
        "counts": {
            word: sum(one.severity == word for one in firing) for word in reversed(Severity.values)
        },
        "total": len(firing),
        "tone": _tone(firing),
        "explained": [one for one in rows if one.inhibited_by_id],
        "pending": [
            one for one in rows if one.state == Alert.State.PENDING and not one.inhibited_by_id
        ],
        "is_cut": len(rows) >= MOST_SHOWN,
        **_watching(),
    }


def _open(user: User) -> Iterable[Alert]:
    alerts = alerts_visible_to(user).exclude(state=Alert.State.CLEARED)
    return alerts.annotate(rank=RANK).order_by("rank", "-fired_at", "-pk")[:MOST_SHOWN]


def _tone(firing: Sequence[Alert]) -> str:
    """The first is the worst; one that somebody looks after alarms nobody."""
    free = [one for one in firing if one.acknowledged_at is None]
    if free:
        return TONES[Severity(free[0].severity)]
    return "busy" if firing else "good"


def groups_of(alerts: Sequence[Alert]) -> list[Group]:
    """In the order of their worst alert."""
    found: dict[str, list[Alert]] = {}
    for alert in alerts:
        found.setdefault(alert.group_key, []).append(alert)
    return [_group(key, own) for key, own in found.items()]


def _group(key: str, alerts: list[Alert]) -> Group:
    kind, _colon, ref = key.partition("/")[2].partition(":")
    if kind == "stack":
        name = ref
    else:
        kind, name = alerts[0].object_kind, alerts[0].object_label
    return Group(kind, name, TONES[Severity(alerts[0].severity)], tuple(alerts))


def _watching() -> dict[str, Any]:
    """What the rules look at, and when they last did."""
    last = EvaluationRound.objects.first()
    rules = AlertRule.objects.filter(is_enabled=True)
    return {
        "round": last,
        "is_late": last is None or timezone.now() - last.at > LATE_AFTER or bool(last.error),
        "rules_on": rules.count(),
        "capped": list(rules.filter(matched__gt=MOST_OPEN).only("name", "matched")),
        "watched": {
            "clusters": Cluster.objects.count(),
            "nodes": Node.objects.count(),
            "services": Service.objects.count(),
            "containers": Container.objects.count(),
        },
    }


MOST_OPEN = 100


def rule_counts() -> Counter[int]:
    """How many alerts of each rule fire now."""
    firing = Alert.objects.filter(state=Alert.State.FIRING, rule__isnull=False)
    return Counter(dict(firing.order_by().values_list("rule_id").annotate(n=Count("pk"))))

"""Which objects a rule watches now, and which of them are in trouble at this moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Model
from django.utils import timezone

from apps.alerts.models import AlertRule
from apps.alerts.rules.bounds import bounds_of
from apps.alerts.rules.looking import Answer, Reading, worst_first
from apps.alerts.selectors.choosing import chosen, traits_of
from apps.alerts.selectors.credentials import credentials_of
from apps.alerts.selectors.facts import fact_answers
from apps.alerts.selectors.metrics import METRIC_CONDITIONS, Look, metric_answers
from apps.alerts.selectors.outlooks import outlook_answers
from apps.metrics.models import MetricObject
from apps.nodes.models import Cluster, Node
from apps.workloads.models import Container, Service

SHOWN = 8
MOST_CHOSEN_FROM = 30_000
# Where a fact's subjects are rows, with the columns of name and cluster.
ROWS: Mapping[str, tuple[type[Model], str, str]] = {
    "cluster": (Cluster, "name", "pk"),
    "node": (Node, "hostname", "cluster_id"),
    "service": (Service, "name", "cluster_id"),
    "container": (Container, "name", "node__cluster_id"),
}


@dataclass(frozen=True, slots=True)
class Preview:
    """How many objects, the names of some, and what is in trouble at this moment."""

    count: int
    names: tuple[str, ...]
    troubled: tuple[Reading, ...]
    troubled_count: int

    @property
    def more(self) -> int:
        """How many are not named."""
        return self.count - len(self.names)


def preview(rule: AlertRule, *, now: datetime | None = None) -> Preview:
    """The rule, saved or not, on what is there now."""
    rows = _watched(rule)
    bounds = bounds_of(rule)
    found = _answer(rule, now or timezone.now())
    troubled = [
        one
        for one in worst_first(found.readings.values(), is_above=rule.is_above)
        if one.value is not None and bounds.is_trouble(one.value)
    ]
    names = tuple(str(row["label"]) for row in rows[:SHOWN])
    return Preview(len(rows), names, tuple(troubled[:SHOWN]), len(troubled))


def _answer(rule: AlertRule, now: datetime) -> Answer:
    if rule.condition in METRIC_CONDITIONS:
        answers, _looked_at = metric_answers(Look([rule], now))
    elif rule.condition == AlertRule.Condition.EVENT:
        answers = fact_answers([rule], now=now, is_steady=True)
    else:
        answers = outlook_answers([rule], now=now)
    return answers.get(rule.pk, Answer())


def _watched(rule: AlertRule) -> list[Mapping[str, Any]]:
    rows = list(_all_rows(rule)[:MOST_CHOSEN_FROM])
    return chosen(rule, rows, traits_of(rule.object_kind, [rule], rows))


def _all_rows(rule: AlertRule) -> Any:  # noqa: ANN401 - rows of whichever table has them
    if rule.condition != AlertRule.Condition.EVENT:
        objects = MetricObject.objects.filter(kind=rule.object_kind).order_by("label", "pk")
        return objects.values("ref", "label", "cluster_ref")
    if rule.object_kind in ROWS:
        model, name, cluster = ROWS[rule.object_kind]
        columns = {"ref": F("pk"), "label": F(name), "cluster_ref": F(cluster)}
        return model._default_manager.order_by(name, "pk").values(**columns)
    return _other_rows(rule.object_kind)


def _other_rows(kind: str) -> Iterable[Mapping[str, Any]]:
    if credentials := credentials_of(kind):
        alive = credentials.alive()[:MOST_CHOSEN_FROM]
        return [{"ref": row["ref"], "label": row["label"], "cluster_ref": None} for row in alive]
    return [{"ref": 0, "label": "DCE Portal", "cluster_ref": None}]

"""Usage and limits of whatever is measured, by the newest samples."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.interop.rules.families import HELPS, Family, measure_name, written
from apps.interop.selectors.naming import labels_of, names_for
from apps.metrics.measures import MEASURES
from apps.metrics.models import MetricObject
from apps.metrics.selectors import VISIBLE

Kind = MetricObject.Kind

# A figure that is older is no figure of now: its series ends, and a gap stays a gap.
FRESH = timedelta(seconds=60)
LIMITS = {
    "cpu_limit_cores": "Processors that may be used.",
    "memory_limit_bytes": "Memory that may be used.",
}


def measured(user: User, *, at: datetime, most: int) -> tuple[list[MetricObject], int]:
    """What the person may see and was measured lately, at most so many; and how many were left out."""
    rows: list[MetricObject] = []
    left_out = 0
    for kind in _containers_last():
        visible = _visible(user, kind, at=at)
        found = list(visible.order_by("pk")[: max(most - len(rows), 0)])
        if len(rows) + len(found) >= most:
            left_out += visible.count() - len(found)
        rows += found
    return rows, left_out


def _containers_last() -> list[Kind]:
    """Containers are what is left out of a list that is too long."""
    return sorted(VISIBLE, key=lambda kind: kind == Kind.CONTAINER)


def _visible(user: User, kind: str, *, at: datetime) -> QuerySet[MetricObject]:
    seen = VISIBLE[Kind(kind)](user).order_by().values("pk")
    recent = Q(last_sample_at__gte=at - FRESH)
    return MetricObject.objects.filter(recent, kind=kind, ref__in=seen)


def usage_families(objects: list[MetricObject]) -> list[Family]:
    """One family a kind and measure."""
    names = names_for(objects)
    families: dict[str, Family] = {}
    for one in objects:
        labels = written(labels_of(one, names))
        for measure in MEASURES:
            name, text = measure_name(one.kind, measure), HELPS.get(measure, measure)
            _add(families, name, text, labels=labels, value=getattr(one, measure))
        for limit, text in LIMITS.items() if one.kind == Kind.CONTAINER else ():
            _add(families, f"dce_container_{limit}", text, labels=labels, value=getattr(one, limit))
    return list(families.values())


def _add(
    families: dict[str, Family], name: str, text: str, *, labels: str, value: float | None
) -> None:
    if value is None:
        return
    family = families.get(name)
    if family is None:
        family = families[name] = Family(name, "gauge", text)
    family.add(value, labels)

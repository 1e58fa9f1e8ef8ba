"""Readings of metrics: which objects may be in trouble, found by the database, then their means over each window.

Only this module and `history` know how samples are stored. The number of queries depends on the
kinds, measures and windows that rules name, never on how many rules or objects there are: a first
query a kind finds what may be in trouble by its latest figures, and only of that the means are read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, Sum

from apps.alerts.models import AlertRule
from apps.alerts.rules.looking import Answer, Key, Reading, Subject, answer
from apps.alerts.selectors.choosing import Traits, chosen, traits_of
from apps.alerts.selectors.wholes import LIMITS, Wholes, least_whole, own_whole, wholes_of
from apps.metrics.models import MetricObject, MinuteSample, Sample

Condition, Against = AlertRule.Condition, AlertRule.Against
METRIC_CONDITIONS = (Condition.THRESHOLD, Condition.RATE, Condition.ABSENCE)

# A poll comes every 5-10 s; what is older than this says nothing about now.
FRESH = timedelta(seconds=90)
# A thing whose last sample is older is gone rather than silent.
GONE_AFTER = timedelta(days=2)
MOST_LOOKED_AT = 5000
MOST_RATES = 500
RAW_UP_TO_S = 900
LATEST_UP_TO_S = 10
OWN_COLUMNS = ("pk", "kind", "ref", "label", "cluster_ref", "node_ref", "service_ref")


@dataclass(frozen=True, slots=True)
class Look:
    """What all metric rules ask for at one moment; `open_keys` are looked at whatever they show."""

    rules: Sequence[AlertRule]
    now: datetime
    open_keys: frozenset[Key] = frozenset()
    is_steady: bool = True


@dataclass(slots=True)
class Found:
    """Rows of measured objects by kind, what their shares are of, and the means by window."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    traits: dict[str, Traits] = field(default_factory=dict)
    wholes: Wholes = field(default_factory=Wholes)
    means: dict[tuple[int, str], dict[int, tuple[float | None, int]]] = field(default_factory=dict)


def metric_answers(look: Look) -> tuple[dict[int, Answer], int]:
    """The answer for each rule by its key, and how many objects were looked at closely."""
    if not look.rules:
        return {}, 0
    found = Found(wholes=wholes_of(look.rules))
    for kind in sorted({rule.object_kind for rule in look.rules}):
        rules = [rule for rule in look.rules if rule.object_kind == kind]
        found.rows[kind] = _rows(kind, rules, look, found.wholes)
        found.traits[kind] = traits_of(kind, rules, found.rows[kind])
    _read_means(found, look)
    answers = {rule.pk: _answer(rule, found, look) for rule in look.rules}
    return answers, sum(len(rows) for rows in found.rows.values())


def _rows(
    kind: str, rules: Sequence[AlertRule], look: Look, wholes: Wholes
) -> list[dict[str, Any]]:
    """What may be in trouble by its latest figures, and what has an open alert."""
    wanted = Q(ref__in=[ref for own, ref in look.open_keys if own == kind])
    for narrow in _narrowings(rules, wholes, look.now):
        wanted |= narrow
    rows = MetricObject.objects.filter(wanted, kind=kind)
    found = {row["pk"]: row for row in rows.values(*_columns(rules))[:MOST_LOOKED_AT]}
    for metric in sorted({rule.metric for rule in rules if rule.condition == Condition.RATE}):
        fresh = MetricObject.objects.filter(kind=kind, last_sample_at__gte=look.now - FRESH)
        largest = fresh.filter(**{f"{metric}__isnull": False}).order_by(f"-{metric}")
        found |= {row["pk"]: row for row in largest.values(*_columns(rules))[:MOST_RATES]}
    return list(found.values())


def _columns(rules: Iterable[AlertRule]) -> list[str]:
    measures = {rule.metric for rule in rules if rule.condition != Condition.ABSENCE}
    fixed = (*OWN_COLUMNS, "last_sample_at", *LIMITS.values(), "disk_total_bytes")
    return list(dict.fromkeys((*fixed, *sorted(measures))))


def _narrowings(rules: Sequence[AlertRule], wholes: Wholes, now: datetime) -> list[Q]:
    """One condition for each measure, share and side, at the mildest of the rules' values."""
    fresh = Q(last_sample_at__gte=now - FRESH)
    mildest: dict[_Edge, float] = {}
    for rule in rules:
        if rule.condition == Condition.THRESHOLD:
            edge = _Edge(rule.object_kind, rule.metric, rule.against, is_above=rule.is_above)
            mildest[edge] = _milder(rule, mildest.get(edge))
    found = [fresh & _narrow(edge, value, wholes) for edge, value in mildest.items()]
    return found + _silences(rules, now)


@dataclass(frozen=True, slots=True)
class _Edge:
    kind: str
    metric: str
    against: str
    is_above: bool


def _milder(rule: AlertRule, other: float | None) -> float:
    if other is None:
        return rule.value
    return min(rule.value, other) if rule.is_above else max(rule.value, other)


def _narrow(edge: _Edge, value: float, wholes: Wholes) -> Q:
    """What the latest figure must be; a share of something in another table is narrowed by its smallest."""
    lookup = f"{edge.metric}__{'gte' if edge.is_above else 'lte'}"
    if edge.against == Against.ABSOLUTE:
        return Q(**{lookup: value})
    if column := own_whole(edge.kind, edge.metric, edge.against):
        return Q(**{lookup: F(column) * (value / 100)})
    least = least_whole(wholes, edge.metric, edge.against)
    if edge.is_above and least is not None:
        return Q(**{lookup: least * value / 100})
    return Q(**{f"{edge.metric}__isnull": False})


def _silences(rules: Iterable[AlertRule], now: datetime) -> list[Q]:
    """What has been silent for the shortest time that a rule names, and is not gone altogether."""
    waits = [rule.value for rule in rules if rule.condition == Condition.ABSENCE]
    if not waits:
        return []
    before = now - timedelta(seconds=min(waits))
    return [Q(last_sample_at__lte=before, last_sample_at__gte=now - GONE_AFTER)]


def _read_means(found: Found, look: Look) -> None:
    """One query a window and measure set: of raw samples up to 15 minutes, of minutes beyond."""
    wanted: dict[tuple[int, bool], dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for rule in look.rules:
        is_rate = rule.condition == Condition.RATE
        if rule.condition == Condition.ABSENCE or (not is_rate and rule.window_s <= LATEST_UP_TO_S):
            continue
        pks = {row["pk"] for row in found.rows[rule.object_kind]}
        wanted[rule.window_s, is_rate][rule.metric] |= pks
    now_s = int(look.now.timestamp())
    for (window_s, is_rate), metrics in wanted.items():
        ids = set().union(*metrics.values())
        read = _rates if is_rate else _means
        for metric, values in read(ids, sorted(metrics), now_s=now_s, window_s=window_s).items():
            found.means[window_s, f"{metric}:rate" if is_rate else metric] = values


Means = dict[str, dict[int, tuple[float | None, int]]]


def _means(ids: Collection[int], metrics: Sequence[str], *, now_s: int, window_s: int) -> Means:
    rows = _summed(ids, metrics, start_s=now_s - window_s, end_s=now_s + 1, window_s=window_s)
    return {
        metric: {pk: _mean(row[f"{metric}__t"], row[f"{metric}__n"]) for pk, row in rows.items()}
        for metric in metrics
    }


def _rates(ids: Collection[int], metrics: Sequence[str], *, now_s: int, window_s: int) -> Means:
    """The mean of the later half less that of the earlier half, an hour: a spike at an end changes little."""
    middle_s = now_s - window_s // 2
    late = _summed(ids, metrics, start_s=middle_s, end_s=now_s + 1, window_s=window_s)
    early = _summed(ids, metrics, start_s=now_s - window_s, end_s=middle_s, window_s=window_s)
    found: Means = {metric: {} for metric in metrics}
    for pk in late.keys() & early.keys():
        for metric in metrics:
            after = _mean(late[pk][f"{metric}__t"], late[pk][f"{metric}__n"])
            before = _mean(early[pk][f"{metric}__t"], early[pk][f"{metric}__n"])
            found[metric][pk] = _growth(before, after, window_s)
    return found


def _growth(
    before: tuple[float | None, int], after: tuple[float | None, int], window_s: int
) -> tuple[float | None, int]:
    if before[0] is None or after[0] is None:
        return None, 0
    return (after[0] - before[0]) / (window_s / 2) * 3600, min(before[1], after[1])


def _mean(total: float | None, count: int | None) -> tuple[float | None, int]:
    return (total / count, count) if total is not None and count else (None, 0)


def _summed(
    ids: Collection[int], metrics: Sequence[str], *, start_s: int, end_s: int, window_s: int
) -> dict[int, dict[str, Any]]:
    """Sum and count of each measure by object, from the tier that fits the window."""
    if window_s <= RAW_UP_TO_S:
        rows = Sample.objects.filter(object_id__in=ids, at_s__gte=start_s, at_s__lt=end_s)
        parts: dict[str, Any] = {f"{metric}__t": Sum(metric) for metric in metrics}
        parts |= {f"{metric}__n": Count(metric) for metric in metrics}
        summed = rows.order_by().values("object_id").annotate(**parts)
        return {row["object_id"]: dict(row) for row in summed}
    minutes = MinuteSample.objects.filter(
        object_id__in=ids, minute_s__gte=start_s, minute_s__lt=end_s
    )
    parts = {f"{metric}__t": Sum(f"{metric}_sum") for metric in metrics}
    parts |= {f"{metric}__n": Sum(f"{metric}_count") for metric in metrics}
    by_minute = minutes.order_by().values("object_id").annotate(**parts)
    return {row["object_id"]: dict(row) for row in by_minute}


def _answer(rule: AlertRule, found: Found, look: Look) -> Answer:
    """The readings of the objects that the rule has chosen."""
    rows = chosen(rule, found.rows[rule.object_kind], found.traits[rule.object_kind])
    if rule.condition == Condition.ABSENCE:
        return answer(_silence(row, look) for row in rows)
    return answer(_reading(rule, row, found, look) for row in rows)


def subject_of(row: Mapping[str, Any]) -> Subject:
    """The row as a subject."""
    return Subject(
        kind=row["kind"],
        ref=row["ref"],
        label=row["label"],
        cluster_ref=row["cluster_ref"],
        node_ref=row["node_ref"],
        service_ref=row["service_ref"],
    )


def _silence(row: Mapping[str, Any], look: Look) -> Reading:
    """How long there was no sample; unknown while the portal itself has only just come back."""
    silent_s = (look.now - row["last_sample_at"]).total_seconds()
    return Reading(subject_of(row), silent_s if look.is_steady else None)


def _reading(rule: AlertRule, row: Mapping[str, Any], found: Found, look: Look) -> Reading:
    subject = subject_of(row)
    if row["last_sample_at"] < look.now - FRESH:
        return Reading(subject, None)
    value, count = _value(rule, row, found)
    whole = found.wholes.of(row, metric=rule.metric, against=rule.against)
    if value is None or rule.against == Against.ABSOLUTE or rule.condition == Condition.RATE:
        return Reading(subject, value, count)
    return Reading(subject, 100 * value / whole if whole else None, count)


def _value(rule: AlertRule, row: Mapping[str, Any], found: Found) -> tuple[float | None, int]:
    if rule.condition == Condition.RATE:
        return found.means[rule.window_s, f"{rule.metric}:rate"].get(row["pk"], (None, 0))
    if rule.window_s <= LATEST_UP_TO_S:
        return row[rule.metric], 1
    return found.means[rule.window_s, rule.metric].get(row["pk"], (None, 0))

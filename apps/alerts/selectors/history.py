"""The past of what a rule looks at, read in a bounded number of rows, and what the rule would have made of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Count, F, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.alerts.models import Alert, AlertRule
from apps.alerts.rules import trying
from apps.alerts.rules.bounds import bounds_of
from apps.alerts.rules.looking import Subject
from apps.alerts.rules.stepping import Sight
from apps.alerts.rules.trying import Bucket, Grid, Tried, Turn
from apps.alerts.selectors.choosing import chosen, traits_of
from apps.alerts.selectors.metrics import OWN_COLUMNS, subject_of
from apps.alerts.selectors.wholes import LIMITS, wholes_of
from apps.metrics.models import MetricObject, MinuteSample
from apps.nodes.models import ClusterEvent
from apps.workloads.models import Service

Condition, Against = AlertRule.Condition, AlertRule.Against
WEEK = timedelta(days=7)
COLUMNS = (*OWN_COLUMNS, *LIMITS.values(), "disk_total_bytes")
# At most so many objects are looked at, the largest first: 50 x 2016 steps are well under a second.
MOST_OBJECTS = 50
MOST_CHOSEN_FROM = 30_000
MOST_EVENTS = 20_000
STEP_S, FINE_STEP_S = 300, 60
FINE_UP_TO_S = 24 * 3600
# Which events say that a fact happened; a fact that is not here leaves no trace that could be read.
COUNTED = {
    "crash_loop": ("task.failed",),
    "task_rejected": ("task.rejected",),
    "container_died": ("container.died", "container.killed"),
    "oom": ("container.oom",),
}
TURNS = {
    "node_down": (("node.down", "node.disconnected", "node.unhealthy"), ("node.ready",)),
    "node_silent": (("node.stale",), ("node.back",)),
    "replicas_short": (("service.below",), ("service.whole",)),
}


def try_out(rule: AlertRule, *, until: datetime | None = None, span: timedelta = WEEK) -> Tried:
    """What the rule, saved or not, would have done within the span."""
    until = until or timezone.now()
    end_s, start_s = int(until.timestamp()), int((until - span).timestamp())
    if rule.condition == Condition.EVENT:
        return _try_fact(rule, start_s, end_s)
    if rule.condition in {Condition.FORECAST, Condition.TIME_TO_FULL}:
        reason = _(
            "What was expected is not tried on the past; use a threshold to see when it was so."
        )
        return Tried(start_s, end_s, reason=reason)
    return _try_metric(rule, start_s, end_s)


def _try_metric(rule: AlertRule, start_s: int, end_s: int) -> Tried:
    rows, count = _objects(rule)
    step_s = FINE_STEP_S if end_s - start_s <= FINE_UP_TO_S else STEP_S
    buckets = _buckets(rule, [row["pk"] for row in rows], start_s, end_s, step_s)
    heard = frozenset(at for series in buckets.values() for at in series)
    grid = Grid(start_s=start_s, end_s=end_s, step_s=step_s, heard=heard)
    shares = _shares(rule, rows)
    sights = {
        subject_of(row): _sights(rule, buckets[row["pk"]], grid, shares.get(row["pk"], 1.0))
        for row in rows
        if row["pk"] in buckets
    }
    fired = trying.fired_of(sights, bounds_of(rule, step_s=step_s))
    return Tried(start_s, end_s, looked_at=len(rows), chosen=count, fired=fired)


def _objects(rule: AlertRule) -> tuple[list[Mapping[str, Any]], int]:
    """The chosen objects, those with the largest latest figure first, and how many there are in all."""
    objects = MetricObject.objects.filter(kind=rule.object_kind)
    if rule.cluster_id:
        objects = objects.filter(cluster_ref=rule.cluster_id)
    if rule.metric:
        order = (
            F(rule.metric).desc(nulls_last=True)
            if rule.is_above
            else F(rule.metric).asc(nulls_last=True)
        )
        objects = objects.order_by(order, "pk")
    rows = list(objects.values(*COLUMNS)[:MOST_CHOSEN_FROM])
    found = chosen(rule, rows, traits_of(rule.object_kind, [rule], rows))
    return found[:MOST_OBJECTS], len(found)


def _buckets(
    rule: AlertRule, pks: Sequence[int], start_s: int, end_s: int, step_s: int
) -> dict[int, dict[int, Bucket]]:
    """Sum and count of each step by object: one query, as long as objects times steps."""
    reach_s = rule.window_s if rule.condition != Condition.ABSENCE else 0
    rows = MinuteSample.objects.filter(
        object_id__in=pks, minute_s__gte=start_s - reach_s, minute_s__lt=end_s
    )
    steps = rows.annotate(at=F("minute_s") - F("minute_s") % step_s).order_by()
    counted: Iterable[Mapping[str, Any]] = steps.values("object_id", "at").annotate(**_parts(rule))
    found: dict[int, dict[int, Bucket]] = defaultdict(dict)
    for row in counted:
        if row["n"]:
            found[row["object_id"]][row["at"]] = Bucket(row["total"] or 0.0, row["n"])
    return found


def _parts(rule: AlertRule) -> dict[str, Any]:
    if rule.condition == Condition.ABSENCE:
        return {"n": Count("minute_s"), "total": Sum("minute_s")}
    return {"n": Sum(f"{rule.metric}_count"), "total": Sum(f"{rule.metric}_sum")}


def _shares(rule: AlertRule, rows: Iterable[Mapping[str, Any]]) -> dict[int, float]:
    """By what a figure is multiplied to be the share that the rule compares, by today's wholes."""
    if rule.against == Against.ABSOLUTE:
        return {}
    wholes = wholes_of([rule])
    found = {}
    for row in rows:
        whole = wholes.of(row, metric=rule.metric, against=rule.against)
        found[row["pk"]] = 100 / whole if whole else 0.0
    return found


def _sights(
    rule: AlertRule, buckets: Mapping[int, Bucket], grid: Grid, factor: float
) -> Iterator[Sight]:
    if rule.condition == Condition.ABSENCE:
        return trying.silence_sights(buckets, grid)
    read = trying.growth_sights if rule.condition == Condition.RATE else trying.mean_sights
    series = read(buckets, grid, rule.window_s)
    if not factor:
        return iter(())
    return (
        Sight(one.at_s, None if one.value is None else one.value * factor, one.count)
        for one in series
    )


def _try_fact(rule: AlertRule, start_s: int, end_s: int) -> Tried:
    if rule.metric in COUNTED:
        read = partial(trying.counted_sights, window_s=rule.window_s, end_s=end_s)
        found = _events(rule, COUNTED[rule.metric], start_s, end_s)
        sights = {who: read([int(at) for at, _event in some]) for who, some in found.items()}
    elif rule.metric in TURNS:
        sights = _turn_sights(rule, start_s, end_s)
    else:
        reason = _(
            "The portal keeps no history of this fact, so that it cannot be tried on the past."
        )
        return Tried(start_s, end_s, reason=reason)
    fired = trying.fired_of(sights, bounds_of(rule, step_s=trying.EVENT_STEP_S))
    return Tried(start_s, end_s, looked_at=len(sights), chosen=len(sights), fired=fired)


def _turn_sights(rule: AlertRule, start_s: int, end_s: int) -> dict[Subject, Iterator[Sight]]:
    begins, ends = TURNS[rule.metric]
    found = _events(rule, (*begins, *ends), start_s, end_s)
    is_age = rule.metric == "node_silent"
    return {
        who: trying.state_sights(
            [Turn(int(at), _number(event) if event.kind in begins else 0.0) for at, event in some],
            end_s=end_s,
            is_age=is_age,
        )
        for who, some in found.items()
    }


def _number(event: ClusterEvent) -> float:
    """How many tasks lack, where the event says so; else just "it is so"."""
    wanted, running = event.detail.get("wanted"), event.detail.get("running")
    known = isinstance(wanted, int) and isinstance(running, int)
    return float(wanted - running) if known else 1.0


Happened = dict[Subject, list[tuple[float, ClusterEvent]]]


def _events(rule: AlertRule, kinds: Sequence[str], start_s: int, end_s: int) -> Happened:
    """The events of the span by the subject that the rule would name."""
    events: QuerySet[ClusterEvent] = ClusterEvent.objects.filter(
        kind__in=kinds, at__gte=_moment(start_s), at__lt=_moment(end_s)
    ).order_by("at")
    if rule.cluster_id:
        events = events.filter(cluster_id=rule.cluster_id)
    if rule.metric == "container_died":
        events = events.filter(severity=ClusterEvent.Severity.ERROR)
    found: Happened = defaultdict(list)
    for event in events[:MOST_EVENTS]:
        if subject := _NAMING[rule.object_kind](event):
            found[subject].append((event.at.timestamp(), event))
    return _chosen_of(rule, found)


def _chosen_of(rule: AlertRule, found: Happened) -> Happened:
    """Those that the rule has chosen, services by their present row."""
    subjects = _with_rows(found)
    rows = [
        {"ref": subject.ref, "label": subject.label, "cluster_ref": subject.cluster_ref, "who": old}
        for old, subject in subjects.items()
    ]
    kept = chosen(rule, rows, traits_of(rule.object_kind, [rule], rows))[:MOST_OBJECTS]
    return {subjects[row["who"]]: found[row["who"]] for row in kept}


def _with_rows(found: Iterable[Subject]) -> dict[Subject, Subject]:
    """Events name a service by its name; its row gives its number."""
    names = {one.label for one in found if one.kind == "service"}
    rows = (
        Service.objects.filter(name__in=names).values_list("cluster_id", "name", "pk")
        if names
        else ()
    )
    refs: dict[tuple[int | None, str], int] = {(cluster, name): pk for cluster, name, pk in rows}
    return {
        one: Subject(
            kind=one.kind,
            ref=refs.get((one.cluster_ref, one.label), one.ref),
            label=one.label,
            cluster_ref=one.cluster_ref,
        )
        for one in found
    }


def _of_node(event: ClusterEvent) -> Subject | None:
    if event.node_id is None:
        return None
    label = event.subject_label
    return Subject(kind="node", ref=event.node_id, label=label, cluster_ref=event.cluster_id)


def _of_service(event: ClusterEvent) -> Subject | None:
    """A task's or a container's label begins with its service's name: shop.1.x4k2."""
    is_own = event.subject_kind == "service"
    name = event.subject_label if is_own else event.subject_label.partition(".")[0]
    return Subject(kind="service", ref=0, label=name, cluster_ref=event.cluster_id)


def _of_container(event: ClusterEvent) -> Subject | None:
    label = event.subject_label
    return Subject(kind="container", ref=0, label=label, cluster_ref=event.cluster_id)


_NAMING: Mapping[str, Callable[[ClusterEvent], Subject | None]] = {
    "node": _of_node,
    "service": _of_service,
    "container": _of_container,
}


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=timezone.get_current_timezone())


def fired_lately(rule_pks: Iterable[int], *, now: datetime) -> dict[int, int]:
    """How often each rule fired within the last seven days."""
    recent = Alert.objects.filter(rule_id__in=list(rule_pks), fired_at__gte=now - WEEK)
    return dict(recent.order_by().values_list("rule_id").annotate(n=Count("pk")))

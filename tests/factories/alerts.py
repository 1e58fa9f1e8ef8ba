"""Rules, alerts and the usage that they look at, for tests."""

from __future__ import annotations

from datetime import datetime, timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.alerts.models import Alert, AlertRule
from apps.metrics.models import MetricObject, MinuteSample, Sample

# Far from the numbers that a database gives by itself.
CLUSTER = 1_000_000


class RuleFactory(DjangoModelFactory[AlertRule]):
    """A container's memory at or above 100 bytes, at once."""

    class Meta:
        model = AlertRule

    name = factory.Sequence(lambda n: f"rule {n}")
    condition = "threshold"
    metric = "memory_bytes"
    object_kind = "container"
    value = 100
    window_s = 60
    clear_for_s = 0


class AlertFactory(DjangoModelFactory[Alert]):
    """A firing alert about container 1."""

    class Meta:
        model = Alert

    rule = factory.SubFactory(RuleFactory)
    rule_name = factory.LazyAttribute(lambda alert: alert.rule.name)
    severity = "warning"
    metric = "memory_bytes"
    unit = "bytes"
    object_kind = "container"
    object_ref = factory.Sequence(lambda n: n + 1)
    object_label = factory.LazyAttribute(lambda alert: f"web-{alert.object_ref}")
    state = "firing"
    opened_at = fired_at = seen_at = factory.LazyFunction(timezone.now)
    last_value = peak = 200
    bound = 100


def measured(
    kind: str,
    ref: int,
    *,
    at: datetime,
    label: str = "",
    cluster_ref: int = CLUSTER,
    **facts: object,
) -> MetricObject:
    """An object with its latest figures."""
    row, _created = MetricObject.objects.update_or_create(
        kind=kind,
        ref=ref,
        defaults={
            "label": label or f"{kind}-{ref}",
            "source": "agent",
            "cluster_ref": cluster_ref,
            "last_sample_at": at,
            **facts,
        },
    )
    return row


def sampled(
    row: MetricObject, values: list[float | None], *, metric: str, end: datetime, every_s: int = 10
) -> None:
    """Raw samples of one measure, the last of them at `end`; the object's latest figure is the last."""
    start_s = int(end.timestamp()) - every_s * (len(values) - 1)
    Sample.objects.bulk_create(
        [
            Sample(object_id=row.pk, at_s=start_s + index * every_s, **{metric: value})
            for index, value in enumerate(values)
        ],
        ignore_conflicts=True,
    )
    latest = {metric: values[-1], "last_sample_at": end}
    MetricObject.objects.filter(pk=row.pk).update(**latest)


def minutes(row: MetricObject, values: list[float], *, metric: str, end: datetime) -> None:
    """One summed-up minute a value, the last of them at `end`."""
    end_s = int(end.timestamp()) // 60 * 60
    rows = [
        MinuteSample(
            object_id=row.pk,
            minute_s=end_s - 60 * (len(values) - 1 - index),
            **{
                f"{metric}_count": 6,
                f"{metric}_sum": 6 * value,
                f"{metric}_min": value,
                f"{metric}_max": value,
            },
        )
        for index, value in enumerate(values)
    ]
    MinuteSample.objects.bulk_create(rows)


def later(moment: datetime, seconds: float) -> datetime:
    """So many seconds on."""
    return moment + timedelta(seconds=seconds)

"""Usage of days past, hour by hour, as roll-up leaves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from apps.metrics.models import MetricObject, MinuteSample

HOUR_S = 3600
MINUTES_AN_HOUR = 60


def measured(kind: str, ref: int, *, at: datetime, **columns: object) -> MetricObject:
    """A measured object that was heard just now."""
    about = {"label": f"{kind}-{ref}", "source": "agent", "cluster_ref": ref, **columns}
    return MetricObject.objects.create(kind=kind, ref=ref, last_sample_at=at, **about)


def hours_before(
    row: MetricObject, end: datetime, figures: Mapping[str, Sequence[float | None]]
) -> None:
    """The hours that end at a moment, each as constant as its figure; None is a gap."""
    count = len(next(iter(figures.values())))
    first_s = int(end.timestamp()) - count * HOUR_S
    MinuteSample.objects.bulk_create(
        MinuteSample(
            object_id=row.pk,
            minute_s=first_s + hour * HOUR_S,
            **{
                f"{measure}_{part}": value
                for measure, values in figures.items()
                if (known := values[hour]) is not None
                for part, value in _parts(known).items()
            },
        )
        for hour in range(count)
    )


def _parts(value: float) -> dict[str, float]:
    return {
        "count": MINUTES_AN_HOUR,
        "sum": MINUTES_AN_HOUR * value,
        "min": value,
        "max": value,
    }

"""Samples as they lie in the store, for charts: written at once, without polls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from apps.metrics.models import MetricObject, MinuteSample, Sample

MINUTE_S = 60


def measured(kind: str, ref: int, **choices: Any) -> MetricObject:
    """A thing that has usage."""
    usual = {
        "label": f"{kind}-{ref}",
        "source": MetricObject.Source.ENGINE,
        "cluster_ref": 1,
        "last_sample_at": datetime.now(UTC),
    }
    return MetricObject.objects.create(kind=kind, ref=ref, **usual | choices)


def sample_each(
    row: MetricObject, moments: Sequence[int], **measures: Callable[[int], float | None]
) -> None:
    """A raw sample at each moment; each measure is a function of it."""
    Sample.objects.bulk_create(
        Sample(object=row, at_s=at, **{name: of(at) for name, of in measures.items()})
        for at in moments
    )


def minute_each(
    row: MetricObject, moments: Sequence[int], *, spread: float = 0, **means: Callable[[int], float]
) -> None:
    """A minute of six samples at each moment, which lie this far around their mean."""
    MinuteSample.objects.bulk_create(
        MinuteSample(
            object=row, minute_s=at, **_parts({n: of(at) for n, of in means.items()}, spread)
        )
        for at in moments
    )


def _parts(means: dict[str, float], spread: float) -> dict[str, float]:
    parts: dict[str, float] = {}
    for name, mean in means.items():
        parts |= {
            f"{name}_count": 6,
            f"{name}_sum": 6 * mean,
            f"{name}_min": mean - spread,
            f"{name}_max": mean + spread,
        }
    return parts

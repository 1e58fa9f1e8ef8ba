"""Raw samples that a remote-write target has not got yet, stream by stream, oldest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, F, Max, Min, Q, QuerySet, When
from django.db.models.functions import Coalesce

from apps.interop.models import RemoteWrite
from apps.interop.rules.families import measure_name
from apps.interop.rules.remote_write import Series
from apps.interop.selectors.naming import labels_of, names_for
from apps.metrics.measures import MEASURES
from apps.metrics.models import MetricObject, Sample

Kind = MetricObject.Kind
# A part of a stream is at most so long and so many rows: what a target missed comes in parts.
PART_S = 900
PART_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Behind:
    """A stream that has samples after its cursor."""

    stream: int
    at_s: int


@dataclass(frozen=True, slots=True)
class Part:
    """Samples of one stream, and where its cursor stands once they are written."""

    stream: int
    at_s: int
    series: Sequence[Series]
    count: int


def streams_behind(target: RemoteWrite) -> list[Behind]:
    """The streams with samples that the target has not got, those that wait longest first; two queries."""
    cursors = dict(target.cursors.values_list("stream", "at_s"))
    start_s = int(target.created_at.timestamp())
    found = [
        Behind(stream, cursors.get(stream, start_s))
        for stream, newest in _streams()
        if int(newest.timestamp()) > cursors.get(stream, start_s)
    ]
    return sorted(found, key=lambda one: (one.at_s, one.stream))


def _streams() -> Iterator[tuple[int, datetime]]:
    """Each stream with the moment of its newest sample."""
    rows: Any = _numbered().order_by()
    rows = rows.values_list("stream")
    yield from rows.annotate(newest=Max("last_sample_at"))


def _numbered() -> QuerySet[MetricObject]:
    """What a node's poll brings in one go shares its number; anything else goes alone."""
    node = When(kind=Kind.NODE, then=F("ref"))
    on_node = When(kind=Kind.CONTAINER, then=Coalesce(F("node_ref"), -F("id")))
    return MetricObject.objects.annotate(stream=Case(node, on_node, default=-F("id")))


def objects_of(stream: int) -> list[MetricObject]:
    """The objects whose samples make up the stream."""
    if stream < 0:
        return list(MetricObject.objects.filter(pk=-stream))
    own = Q(kind=Kind.NODE, ref=stream) | Q(kind=Kind.CONTAINER, node_ref=stream)
    return list(MetricObject.objects.filter(own))


def next_part(behind: Behind, *, portal: str) -> Part | None:
    """The samples after the cursor, as far as one part goes; None where there are none after all."""
    objects = objects_of(behind.stream)
    rows = _rows([one.pk for one in objects], after_s=behind.at_s)
    if not rows:
        return None
    series = _series(objects, rows, portal=portal)
    return Part(behind.stream, rows[-1][1], series, sum(len(one.samples) for one in series))


Row = tuple[Any, ...]


def _rows(ids: Sequence[int], *, after_s: int) -> list[Row]:
    """Rows in the order of time; a moment is never cut in two."""
    own = Sample.objects.filter(object_id__in=ids, at_s__gt=after_s)
    first_s = own.aggregate(first=Min("at_s"))["first"]
    if first_s is None:
        return []
    part = own.filter(at_s__lt=first_s + PART_S).order_by("at_s")
    rows = list(part.values_list("object_id", "at_s", *MEASURES)[: PART_ROWS + 1])
    if len(rows) <= PART_ROWS:
        return rows
    whole = [row for row in rows if row[1] < rows[-1][1]]
    return whole or list(own.filter(at_s=first_s).values_list("object_id", "at_s", *MEASURES))


def _series(objects: Sequence[MetricObject], rows: Sequence[Row], *, portal: str) -> list[Series]:
    names = names_for(objects)
    common = {"portal": portal} if portal else {}
    by_object: dict[int, list[Row]] = {}
    for row in rows:
        by_object.setdefault(row[0], []).append(row)
    return [
        Series({"__name__": measure_name(one.kind, measure), **labels}, samples)
        for one in objects
        if one.pk in by_object
        for labels in [_known({**common, **labels_of(one, names)})]
        for column, measure in enumerate(MEASURES, start=2)
        if (samples := _samples(by_object[one.pk], column))
    ]


def _samples(rows: Sequence[Row], column: int) -> list[tuple[int, float]]:
    return [(row[1] * 1000, row[column]) for row in rows if row[column] is not None]


def _known(labels: dict[str, str]) -> dict[str, str]:
    """Receivers refuse labels without a value."""
    return {name: value for name, value in labels.items() if value}

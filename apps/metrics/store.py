"""Writes what polls measured: the number of statements does not grow with the containers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Max, Min

from apps.metrics import bulk, tiers
from apps.metrics.bulk import Described, Stored
from apps.metrics.measures import Figures
from apps.metrics.minutes import OpenMinutes, open_minutes
from apps.metrics.models import MetricObject
from apps.metrics.object_keys import ObjectKeys, object_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement(Described):
    """What one object used at the moment of a poll, and where the object belongs."""

    figures: Figures

    @property
    def described(self) -> Described:
        """The same without its figures."""
        return Described(**{name: getattr(self, name) for name in Described.__slots__})


@dataclass(frozen=True, slots=True)
class Memory:
    """What a process remembers of what it wrote: which rows are whose, and which minutes are open."""

    keys: ObjectKeys
    minutes: OpenMinutes

    def forget(self) -> None:
        """A write failed: what was noted of it is not so."""
        self.keys.forget()
        self.minutes.forget()


memory = Memory(object_keys, open_minutes)


def write(
    measurements: Sequence[Measurement], *, owner: int, at: datetime, memory: Memory = memory
) -> None:
    """Keep what several objects used at one moment; `owner` is whose minute they fill together."""
    if not measurements:
        return
    describe([one.described for one in measurements], now=at, keys=memory.keys)
    at_s = int(at.timestamp())
    found = [(memory.keys.get(one.key), one.figures) for one in measurements]
    rows = [Stored(pk, at_s, figures.as_tuple()) for pk, figures in found if pk is not None]
    bulk.insert_samples(rows)
    close_minutes(rows, owner=owner, minutes=memory.minutes)
    bulk.update_latest(rows)


def describe(objects: Sequence[Described], *, now: datetime, keys: ObjectKeys) -> None:
    """Say what is new of the objects, and learn their keys."""
    if news := keys.news(objects):
        keys.learn(bulk.describe_objects(news, now=now), news)


def close_minutes(rows: Sequence[Stored], *, owner: int, minutes: OpenMinutes) -> None:
    """Sum up the minutes that are over, those of late rows once more; before the latest figures are written."""
    if not rows:
        return
    ids = {row.object_id for row in rows}
    over = minutes.over(
        owner,
        ids,
        oldest_s=min(row.at_s for row in rows),
        newest_s=max(row.at_s for row in rows),
        ended_s=lambda: _ended_s(ids),
    )
    if over is not None:
        tiers.roll_up(over.object_ids, first_s=over.first_s, end_s=over.end_s)


def _ended_s(object_ids: Collection[int]) -> tuple[int, int] | None:
    """When the first and the last of them was last heard; new ones were never."""
    never = datetime.fromtimestamp(0, tz=UTC)
    heard = MetricObject.objects.filter(pk__in=object_ids, last_sample_at__gt=never)
    ends = heard.aggregate(first=Min("last_sample_at"), last=Max("last_sample_at"))
    return (int(ends["first"].timestamp()), int(ends["last"].timestamp())) if ends["last"] else None

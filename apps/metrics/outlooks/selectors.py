"""What reads outlooks: the newest of a measure beside what came, and when what will be full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.metrics.forecast.arrays import DAY_HOURS, WEEK_HOURS
from apps.metrics.models import MetricObject, Outlook, TimeToFull
from apps.metrics.outlooks.history import HOUR_S, Hours, Span, hourly_history
from apps.metrics.outlooks.making import LEAST_HOURS, SILENT
from apps.metrics.outlooks.measured import OUTLOOK_MEASURES, outlook_measures
from apps.metrics.outlooks.packing import Curve, unpack
from apps.metrics.selectors import VISIBLE, measured_object
from dce_portal.errors import InvalidInput

HORIZONS = {"24h": DAY_HOURS, "7d": WEEK_HOURS}
CHECKED = timedelta(days=30)
# An hour without a forecast, as after a restart: the one before it is as good to look at.
NEAR_S = 6 * HOUR_S
MOST_TIMES = 200


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored forecast with its curve."""

    row: Outlook
    curve: Curve


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How the forecasts of one measure did that are over: errors are in the measure's unit."""

    measure: str
    forecasts: int
    hit_share: float
    error: float
    error_yesterday: float
    error_last_value: float

    @property
    def against_yesterday(self) -> float | None:
        """Share of that guess's error that was saved."""
        return 1 - self.error / self.error_yesterday if self.error_yesterday else None

    @property
    def against_last_value(self) -> float | None:
        """Share of that guess's error that was saved."""
        return 1 - self.error / self.error_last_value if self.error_last_value else None


@dataclass(frozen=True, slots=True)
class Missing:
    """Why there is no outlook: `history` is too short, it is `waiting` its turn, or the thing is `silent`."""

    reason: str
    known_hours: int = 0
    needed_hours: int = 0
    ready_at: datetime | None = None
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlookView:
    """Everything that is shown of one measure's outlook."""

    kind: str
    ref: int
    measure: str
    horizon: str
    row: MetricObject | None
    newest: Kept | None
    earlier: Kept | None
    history: Hours | None
    missing: Missing | None
    accuracy: Accuracy | None
    times_to_full: Sequence[TimeToFull]


def outlook_of(
    user: User, *, kind: str, ref: str, measure: str, horizon: str = "24h"
) -> OutlookView:
    """The newest outlook, the one made as long before, and the hours that came; refuses as samples do."""
    if kind not in OUTLOOK_MEASURES or measure not in outlook_measures(kind):
        text = _("There is no outlook of %(measure)s of a %(kind)s.")
        words = {"measure": measure, "kind": MetricObject.Kind(kind).label}
        raise InvalidInput(text % words, field="measure")
    row = measured_object(user, kind=kind, ref=ref)
    hours = HORIZONS[horizon]
    newest, earlier = _kept(row, measure, hours) if row else (None, None)
    span = Span.before(int(timezone.now().timestamp()), hours=hours)
    return OutlookView(
        kind=kind,
        ref=int(ref),
        measure=measure,
        horizon=horizon,
        row=row,
        newest=newest,
        earlier=earlier,
        history=_history(row, measure, span) if row else None,
        missing=None if newest else _missing(row, measure, hours),
        accuracy=next(iter(accuracy_of(row, (measure,), horizon=horizon)), None) if row else None,
        times_to_full=_times_of(row, measure) if row else (),
    )


def _history(row: MetricObject, measure: str, span: Span) -> Hours | None:
    return hourly_history([row.pk], (measure,), span).get((row.pk, measure))


def _kept(row: MetricObject, measure: str, hours: int) -> tuple[Kept | None, Kept | None]:
    """The newest that still reaches ahead, and the one that ended where it begins."""
    of_measure = Outlook.objects.filter(object=row, measure=measure, horizon_h=hours)
    now_s = int(timezone.now().timestamp())
    newest = of_measure.filter(start_s__gt=now_s - SILENT.total_seconds()).order_by("-start_s")
    found = newest.first()
    if found is None:
        return None, None
    ended_s = found.start_s - hours * HOUR_S
    before = of_measure.filter(start_s__lte=ended_s, start_s__gt=ended_s - NEAR_S)
    earlier = before.order_by("-start_s").first()
    return _unpacked(found), _unpacked(earlier) if earlier else None


def _unpacked(row: Outlook) -> Kept:
    return Kept(row, unpack(bytes(row.packed)))


def _missing(row: MetricObject | None, measure: str, hours: int) -> Missing:
    """What the history lacks; asked only where there is no outlook."""
    now = timezone.now()
    span = Span.before(int(now.timestamp()))
    found = _history(row, measure, span) if row else None
    known, needed = len(found) if found else 0, LEAST_HOURS[hours]
    last_at = found and datetime.fromtimestamp(int(found.start_s[-1]) + HOUR_S, tz=UTC)
    if last_at and now - last_at > SILENT:
        return Missing("silent", known, needed, last_at=last_at)
    if known >= needed:
        return Missing("waiting", known, needed)
    return Missing("history", known, needed, ready_at=now + timedelta(hours=needed - known))


def _times_of(row: MetricObject, measure: str) -> list[TimeToFull]:
    return list(TimeToFull.objects.filter(object=row, measure=measure).order_by("threshold"))


def accuracy_of(
    row: MetricObject, measures: Sequence[str], *, horizon: str = "24h"
) -> list[Accuracy]:
    """How the last thirty days' forecasts of an object did, for each measure: one query."""
    over = Outlook.objects.filter(
        object=row,
        measure__in=measures,
        horizon_h=HORIZONS[horizon],
        issued_at__gt=timezone.now() - CHECKED,
        known_hours__gt=0,
    )
    sums = (
        over.order_by("measure")
        .values("measure")
        .annotate(
            forecasts=Count("pk"),
            hit_share=Sum("hits") * 1.0 / Sum("known_hours"),
            **{name: Sum(F(name) * F("known_hours")) / Sum("known_hours") for name in _ERRORS},
        )
    )
    by_measure = {one["measure"]: Accuracy(**one) for one in cast("Any", sums)}
    return [by_measure[name] for name in measures if name in by_measure]


_ERRORS = ("error", "error_yesterday", "error_last_value")


def times_to_full_visible_to(user: User) -> QuerySet[TimeToFull]:
    """What will be full, of the things that a person may see."""
    seen = Q()
    for kind, visible in VISIBLE.items():
        # Asked for each of the few rows, not of all things that there are.
        own = visible(user).order_by().filter(pk=OuterRef("object__ref"))
        seen |= Q(Exists(own), object__kind=kind)
    return TimeToFull.objects.filter(seen).select_related("object")


@dataclass(frozen=True, slots=True)
class Filling:
    """One thing that fills up, with its thresholds ahead."""

    object: MetricObject
    measure: str
    times: Sequence[TimeToFull]

    @property
    def last(self) -> TimeToFull:
        """The furthest threshold of those ahead: 100 % but where that lies too far."""
        return self.times[-1]


def filling_up(user: User, *, limit: int, wanted: Q | None = None) -> list[Filling]:
    """The things that are full soonest, the worst first."""
    rows = times_to_full_visible_to(user).filter(wanted or Q())
    worst = rows.order_by("-threshold", "expected_at").filter(threshold=100)
    keys = list(worst.values_list("object_id", "measure")[: min(limit, MOST_TIMES)])
    times: dict[tuple[int, str], list[TimeToFull]] = {key: [] for key in keys}
    # What may be seen was asked above, and asking costs more than the rows do.
    mine = TimeToFull.objects.filter(object_id__in=[key[0] for key in keys])
    for row in mine.select_related("object").order_by("threshold"):
        if (row.object_id, row.measure) in times:
            times[row.object_id, row.measure].append(row)
    return [Filling(some[0].object, key[1], some) for key, some in times.items() if some]

"""What an outlook says, in the reader's language: its skill, what it lacks, and when something is full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from apps.metrics.models import Outlook, TimeToFull
from apps.metrics.outlooks.history import HOUR_S
from apps.metrics.outlooks.selectors import Accuracy, Missing, OutlookView

DAY_S = 24 * HOUR_S
FULL = 100
LEAST_SCORE = -9.0  # ten times the error: beyond that a number says nothing


def says(view: OutlookView) -> dict[str, str]:
    """One sentence each, empty where there is nothing to say."""
    return {
        "missing": missing_sentence(view.missing),
        "skill": skill_sentence(view.newest.row) if view.newest else "",
        "accuracy": accuracy_sentence(view.accuracy),
        "earlier": earlier_sentence(view.earlier.row) if view.earlier else "",
        "full": full_sentence(view.times_to_full),
    }


def percent(share: float) -> str:
    """A share as whole percent, which no line breaks: 23 %."""
    return f"{number_format(round(100 * share), decimal_pos=0)}\N{NO-BREAK SPACE}%"


def saved(score: float | None) -> str:
    """How much smaller an error is than a simple guess's, or how much larger."""
    if score is None:
        return _("nothing to save")
    if score < LEAST_SCORE:
        return _("many times more")
    if score < 0:
        return _("%(share)s more") % {"share": percent(-score)}
    return _("%(share)s less") % {"share": percent(score)}


def day_of(moment: datetime) -> str:
    """A day as people say it; the year only where it is another."""
    local = timezone.localtime(moment)
    is_this_year = local.year == timezone.localtime().year
    return date_format(local, "MONTH_DAY_FORMAT" if is_this_year else "DATE_FORMAT")


def skill_sentence(row: Outlook) -> str:
    """What the forecast saves, or why it is not drawn."""
    if not row.checks:
        return _("No line is drawn yet: its skill is known once a day was forecast and came.")
    yesterday, last = row.against_yesterday, row.against_last_value
    if yesterday is None or last is None:
        return _("No line is drawn: it repeats itself exactly, so there is nothing to foretell.")
    if row.is_proven:
        text = ngettext(
            "Tried on the last %(n)d day, it saves %(yesterday)s of the error of “same hour yesterday”"
            " and %(last)s of that of “last value”.",
            "Tried on the last %(n)d days, it saves %(yesterday)s of the error of “same hour yesterday”"
            " and %(last)s of that of “last value”.",
            row.checks,
        )
        words = {"yesterday": percent(yesterday), "last": percent(last)}
        return text % {"n": row.checks, **words}
    simple = _("same hour yesterday") if yesterday <= last else _("last value")
    text = _("No line is drawn: of late the simple guess “%(simple)s” was at least as good.")
    return text % {"simple": simple}


def accuracy_sentence(accuracy: Accuracy | None) -> str:
    """How often the band held."""
    if accuracy is None:
        return ""
    text = ngettext(
        "In the last 30 days %(share)s of hours fell into the 80 %% band (%(n)d forecast).",
        "In the last 30 days %(share)s of hours fell into the 80 %% band (%(n)d forecasts).",
        accuracy.forecasts,
    )
    return text % {"share": percent(accuracy.hit_share), "n": accuracy.forecasts}


def earlier_sentence(row: Outlook) -> str:
    """How the forecast did that is drawn against what came."""
    if not row.known_hours:
        return ""
    text = _("Of the earlier forecast %(hits)d of %(hours)d hours fell into its band.")
    return text % {"hits": row.hits or 0, "hours": row.known_hours}


def missing_sentence(missing: Missing | None) -> str:
    """Why there is no outlook, and when there will be one."""
    if missing is None:
        return ""
    if missing.reason == "silent" and missing.last_at:
        moment = date_format(timezone.localtime(missing.last_at), "DATETIME_FORMAT")
        return _("No outlook: nothing was measured since %(moment)s.") % {"moment": moment}
    if missing.reason == "waiting" or missing.ready_at is None:
        return _("The history suffices; the outlook is made within the hour.")
    text = _(
        "%(known)d of the %(needed)d hours of history that an outlook needs are there; it will be here by %(moment)s"
    )
    moment = date_format(timezone.localtime(missing.ready_at), "DATETIME_FORMAT")
    return text % {"known": missing.known_hours, "needed": missing.needed_hours, "moment": moment}


def full_sentence(times: Sequence[TimeToFull]) -> str:
    """When it is full, as a range of days, and the day of the nearest threshold before that."""
    full = next((one for one in times if one.threshold == FULL), None)
    if full is None:
        return ""
    before = [one for one in times if one.threshold != FULL]
    if not before:
        return _("Full %(span)s.") % {"span": span_of(full)}
    words = {"share": before[-1].threshold, "day": day_of(before[-1].expected_at)}
    return _("Full %(span)s; %(share)d %% on %(day)s.") % {"span": span_of(full), **words}


def span_of(full: TimeToFull) -> str:
    """In 19–26 days: hours where it is near, months where it is far."""
    expected_s = _seconds_to(full.expected_at)
    unit = next(unit for unit in UNITS if expected_s >= unit.from_s)
    low = max(1, round(_seconds_to(full.early_at) / unit.size_s))
    if full.late_at is None:
        return str(unit.earliest % {"low": low})
    high = max(low, round(_seconds_to(full.late_at) / unit.size_s))
    words = unit.about if low == high else unit.between
    return str(words % {"low": low, "high": high})


def _seconds_to(moment: datetime) -> float:
    return max(0.0, (moment - timezone.now()).total_seconds())


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of time, from how far on it is used, and how a span is said in it."""

    from_s: float
    size_s: float
    between: Any
    about: Any
    earliest: Any


UNITS = (
    Unit(
        90 * DAY_S,
        30 * DAY_S,
        gettext_lazy("in %(low)d–%(high)d months"),
        ngettext_lazy("in about %(low)d month", "in about %(low)d months", "low"),
        ngettext_lazy("in %(low)d month or later", "in %(low)d months or later", "low"),
    ),
    Unit(
        2 * DAY_S,
        DAY_S,
        gettext_lazy("in %(low)d–%(high)d days"),
        ngettext_lazy("in about %(low)d day", "in about %(low)d days", "low"),
        ngettext_lazy("in %(low)d day or later", "in %(low)d days or later", "low"),
    ),
    Unit(
        0,
        HOUR_S,
        gettext_lazy("in %(low)d–%(high)d hours"),
        ngettext_lazy("in about %(low)d hour", "in about %(low)d hours", "low"),
        ngettext_lazy("in %(low)d hour or later", "in %(low)d hours or later", "low"),
    ),
)

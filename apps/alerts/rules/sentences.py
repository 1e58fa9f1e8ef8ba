"""Rules and values in words that a person reads. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.alerts.rules import catalogue
from dce_portal.templatetags.portal import NOTHING, bytes_human, cores


def value_in_words(value: float | None, unit: str) -> str:
    """A number with its unit: 92 %, 1.5 GiB/s, 3 times."""
    if value is None:
        return NOTHING
    if unit == catalogue.YES:
        return _("yes") if value else _("no")
    if unit.startswith("bytes"):
        return bytes_human(value) + _rate_words(unit.removeprefix("bytes"))
    if unit.startswith("cores"):
        return cores(value) + _rate_words(unit.removeprefix("cores"))
    return _counted(value, unit)


def _rate_words(rest: str) -> str:
    words = {"": "", "/s": "/s", "/h": _("/h"), "/s/h": _("/s per h")}
    return words.get(rest, rest)


def _counted(value: float, unit: str) -> str:
    if unit == catalogue.SECONDS:
        return span_in_words(value)
    if unit == catalogue.HOURS:
        return span_in_words(value * 3600)
    number = _number(value)
    whole = round(value)
    words = {
        catalogue.PERCENT: _("%(n)s %%"),
        catalogue.DAYS: ngettext("%(n)s day", "%(n)s days", whole),
        catalogue.TIMES: ngettext("%(n)s time", "%(n)s times", whole),
        catalogue.TASKS: ngettext("%(n)s task", "%(n)s tasks", whole),
        catalogue.MANAGERS: ngettext("%(n)s manager", "%(n)s managers", whole),
        "processes": ngettext("%(n)s process", "%(n)s processes", whole),
    }
    return words.get(unit, "%(n)s " + unit).strip() % {"n": number}


def _number(value: float) -> str:
    digits = 0 if abs(value) >= 100 or float(value).is_integer() else 1
    return str(number_format(round(value, digits), decimal_pos=digits))


def span_in_words(seconds: float) -> str:
    """A span of time in its fitting unit: 90 s, 5 min, 2 h, 3 days."""
    whole = round(seconds)
    if abs(whole) < 120:
        return _("%(n)s s") % {"n": _number(whole)}
    if whole < 2 * 3600:
        return _("%(n)s min") % {"n": _number(whole / 60)}
    if whole < 2 * 86400:
        return _("%(n)s h") % {"n": _number(whole / 3600)}
    days = whole / 86400
    return ngettext("%(n)s day", "%(n)s days", round(days)) % {"n": _number(days)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What a sentence about a rule is made of."""

    condition: str
    metric: str
    unit: str
    is_above: bool
    value: float
    window_s: int
    for_s: int
    against: str


def condition_in_words(wording: Wording) -> str:
    """The condition alone: CPU is at or above 90 % of its limit, for 5 min."""
    said = _SAYERS[wording.condition](wording)
    if wording.for_s:
        said = _("%(what)s, for %(span)s") % {"what": said, "span": span_in_words(wording.for_s)}
    return said


def metric_in_words(metric: str) -> str:
    """A measure's or a fact's name."""
    if metric in catalogue.FACTS:
        return str(catalogue.FACTS[metric].words)
    return str(catalogue.MEASURE_WORDS.get(metric, metric))


def _names(wording: Wording) -> dict[str, str]:
    return {
        "metric": metric_in_words(wording.metric),
        "value": value_in_words(wording.value, wording.unit),
        "window": span_in_words(wording.window_s),
    }


def _threshold(wording: Wording) -> str:
    share = _share_in_words(wording.against)
    template = (
        _("%(metric)s is at or above %(value)s %(share)s")
        if wording.is_above
        else _("%(metric)s is at or below %(value)s %(share)s")
    )
    return (template % {**_names(wording), "share": share}).strip()


def _share_in_words(against: str) -> str:
    words = {
        "limit": _("of its limit"),
        "reservation": _("of its reservation"),
        "host": _("of what its machine has"),
    }
    return words.get(against, "")


def _rate(wording: Wording) -> str:
    template = (
        _("%(metric)s grows by %(value)s or more, seen over %(window)s")
        if wording.is_above
        else _("%(metric)s grows by %(value)s or less, seen over %(window)s")
    )
    return template % _names(wording)


def _absence(wording: Wording) -> str:
    return _("no sample came for %(value)s") % _names(wording)


def _forecast(wording: Wording) -> str:
    share = _share_in_words(wording.against)
    template = (
        _("%(metric)s is expected to reach %(value)s %(share)s within %(window)s")
        if wording.is_above
        else _("%(metric)s is expected to fall to %(value)s %(share)s within %(window)s")
    )
    return " ".join((template % {**_names(wording), "share": share}).split())


def _time_to_full(wording: Wording) -> str:
    return _("%(metric)s is expected to be full within %(value)s") % _names(wording)


def _event(wording: Wording) -> str:
    names = _names(wording)
    if wording.unit == catalogue.YES:
        return names["metric"]
    fact = catalogue.FACTS.get(wording.metric)
    if fact is not None and fact.is_counted:
        return _("%(metric)s: %(value)s or more within %(window)s") % names
    template = _("%(metric)s: %(value)s or more")
    return (template if wording.is_above else _("%(metric)s: %(value)s or less")) % names


_SAYERS = {
    "threshold": _threshold,
    "rate": _rate,
    "absence": _absence,
    "forecast": _forecast,
    "time_to_full": _time_to_full,
    "event": _event,
}

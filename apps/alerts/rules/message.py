"""What a message says, in the language that is on: title, facts, culprits, a line of blocks, a link. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from apps.alerts.rules.bars import Values, bars
from apps.alerts.rules.sentences import metric_in_words, span_in_words, value_in_words
from apps.alerts.rules.severities import SEVERITIES, gravest

SHAPES = {"critical": "■", "warning": "▲", "info": "◆"}
OVER_SHAPE = "●"
IN_DETAIL, LISTED, CULPRITS = 3, 10, 3
VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The last hour of the figure that an alert is about, in its own unit."""

    values: Values
    unit: str
    bound: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One alert as a message tells it."""

    ref: int
    rule: str
    severity: str
    object_kind: str
    object_label: str
    cluster: str
    metric: str
    unit: str
    value: float | None
    bound: float | None
    since: datetime
    ended: datetime | None = None
    culprits: Sequence[Mapping[str, Any]] = ()
    advice: str = ""
    url: str = ""
    curve: Curve | None = None

    @property
    def is_over(self) -> bool:
        """Whether it ended."""
        return self.ended is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a message is about: alerts, why it is sent, what they have in common, and the moment."""

    kind: str
    alerts: Sequence[Told]
    now: datetime
    zone: tzinfo
    group: str = ""
    url: str = ""
    quiet_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Composed:
    """A message's words, and its facts for programs."""

    title: str
    text: str
    severity: str
    facts: dict[str, Any] = field(default_factory=dict)


def compose(subject: Subject) -> Composed:
    """Say it: one alert in full, a group as a list, a catch-up as what is open and what came and went."""
    alerts = sorted(subject.alerts, key=_gravest_first)
    if subject.kind == "digest":
        title, body = _digest_title(subject, alerts), _digest_lines(subject, alerts)
    elif len(alerts) == 1:
        title, body = _title_of_one(alerts[0], subject), _lines_of_one(alerts[0], subject)
    else:
        title, body = _title_of_group(subject, alerts), _lines_of_group(subject, alerts)
    open_severities = [alert.severity for alert in alerts if not alert.is_over]
    severity = gravest(open_severities) if open_severities else "cleared"
    text = "\n".join(line for line in body if line)
    return Composed(title, text, severity, _facts(subject, alerts, title=title, text=text))


def _gravest_first(alert: Told) -> tuple[bool, int, datetime, int]:
    rank = SEVERITIES.index(alert.severity) if alert.severity in SEVERITIES else len(SEVERITIES)
    return alert.is_over, -rank, alert.since, alert.ref


def _shape(alert: Told) -> str:
    return OVER_SHAPE if alert.is_over else SHAPES.get(alert.severity, SHAPES["critical"])


def _title_of_one(alert: Told, subject: Subject) -> str:
    names = {"shape": _shape(alert), "rule": alert.rule, "object": alert.object_label}
    if alert.ended is not None:
        lasted = span_in_words((alert.ended - alert.since).total_seconds())
        return _("%(shape)s Over after %(span)s: %(rule)s, %(object)s") % {**names, "span": lasted}
    if subject.kind == "repeat":
        return _("%(shape)s Still open: %(rule)s, %(object)s") % names
    return pgettext("title of a message", "%(shape)s %(rule)s: %(object)s") % names


def _lines_of_one(alert: Told, subject: Subject) -> list[str]:
    where = _("%(object)s in cluster %(cluster)s") if alert.cluster else "%(object)s"
    return [
        where % {"object": alert.object_label, "cluster": alert.cluster},
        _state_line(alert, subject),
        _culprit_line(alert),
        _curve_line(alert),
        alert.advice if not alert.is_over else "",
        alert.url,
    ]


def _state_line(alert: Told, subject: Subject) -> str:
    names = {
        "figure": _figure(alert),
        "since": _moment(alert.since, subject),
        "span": span_in_words(((alert.ended or subject.now) - alert.since).total_seconds()),
    }
    if alert.is_over:
        return _("%(figure)s; it began %(since)s and lasted %(span)s") % names
    return _("%(figure)s; since %(since)s (%(span)s)") % names


def _figure(alert: Told) -> str:
    names = {
        "metric": metric_in_words(alert.metric),
        "value": value_in_words(alert.value, alert.unit),
        "bound": value_in_words(alert.bound, alert.unit),
    }
    if alert.value is None or alert.unit == "yes":
        return names["metric"]
    if alert.bound is None:
        return pgettext("a figure", "%(metric)s: %(value)s") % names
    return _("%(metric)s: %(value)s (the rule says %(bound)s)") % names


def _culprit_line(alert: Told) -> str:
    worst = [
        f"{one.get('label', '')} {value_in_words(one.get('value'), str(one.get('unit', '')))}"
        for one in alert.culprits[:CULPRITS]
    ]
    return _("Most by: %(names)s") % {"names": " · ".join(worst)} if worst else ""


def _curve_line(alert: Told) -> str:
    curve = alert.curve
    known = [value for value in curve.values if value is not None] if curve else []
    if curve is None or len(known) < 2:
        return ""
    names = {
        "bars": bars(curve.values),
        "low": value_in_words(min(known), curve.unit),
        "high": value_in_words(max(known), curve.unit),
    }
    return _("%(bars)s last hour, %(low)s to %(high)s") % names


def _title_of_group(subject: Subject, alerts: Sequence[Told]) -> str:
    still = [alert for alert in alerts if not alert.is_over]
    over = len(alerts) - len(still)
    shape = _shape(alerts[0])
    if not still:
        said = ngettext("%(n)d alert is over", "%(n)d alerts are over", over) % {"n": over}
    elif subject.kind == "repeat":
        said = ngettext("%(n)d alert still open", "%(n)d alerts still open", len(still)) % {
            "n": len(still)
        }
    else:
        said = ngettext("%(n)d alert", "%(n)d alerts", len(still)) % {"n": len(still)}
        if over:
            said = _("%(alerts)s, %(over)d over") % {"alerts": said, "over": over}
    where = _(" in %(group)s") % {"group": subject.group} if subject.group else ""
    return f"{shape} {said}{where}"


def _lines_of_group(subject: Subject, alerts: Sequence[Told]) -> list[str]:
    lines: list[str] = []
    for index, alert in enumerate(alerts[:LISTED]):
        lines.append(_line_of(alert, subject))
        if index < IN_DETAIL and not alert.is_over:
            lines += [f"   {line}" for line in (_culprit_line(alert), _curve_line(alert)) if line]
    return [*lines, _rest(alerts), subject.url]


def _line_of(alert: Told, subject: Subject) -> str:
    names = {
        "shape": _shape(alert),
        "rule": alert.rule,
        "object": alert.object_label,
        "figure": _figure(alert),
        "since": _moment(alert.since, subject),
    }
    if alert.ended is not None:
        span = span_in_words((alert.ended - alert.since).total_seconds())
        return _("%(shape)s over after %(span)s: %(rule)s, %(object)s") % {**names, "span": span}
    return _("%(shape)s %(rule)s, %(object)s: %(figure)s, since %(since)s") % names


def _rest(alerts: Sequence[Told]) -> str:
    more = len(alerts) - LISTED
    return ngettext("and %(n)d more", "and %(n)d more", more) % {"n": more} if more > 0 else ""


def _digest_title(subject: Subject, alerts: Sequence[Told]) -> str:
    still = sum(not alert.is_over for alert in alerts)
    names = {"open": still, "over": len(alerts) - still, "shape": _shape(alerts[0])}
    return _("%(shape)s While it was quiet: %(open)d still open, %(over)d came and went") % names


def _digest_lines(subject: Subject, alerts: Sequence[Told]) -> list[str]:
    still = [alert for alert in alerts if not alert.is_over]
    over = [alert for alert in alerts if alert.is_over]
    since = subject.quiet_since
    lines = [_("Held since %(since)s.") % {"since": _moment(since, subject)}] if since else []
    if still:
        lines += [_("Still open:"), *[_line_of(alert, subject) for alert in still[:LISTED]]]
        lines.append(_rest(still))
    if over:
        lines += [_("Came and went:"), *[_line_of(alert, subject) for alert in over[:LISTED]]]
        lines.append(_rest(over))
    return [*lines, subject.url]


def _moment(at: datetime, subject: Subject) -> str:
    local = at.astimezone(subject.zone)
    same_day = local.date() == subject.now.astimezone(subject.zone).date()
    return str(date_format(local, "H:i T" if same_day else "j M H:i T"))


def _facts(subject: Subject, alerts: Sequence[Told], *, title: str, text: str) -> dict[str, Any]:
    return {
        "version": VERSION,
        "kind": subject.kind,
        "title": title,
        "text": text,
        "group": subject.group,
        "url": subject.url,
        "alerts": [_fact(alert) for alert in alerts],
    }


def _fact(alert: Told) -> dict[str, Any]:
    return {
        "id": alert.ref,
        "state": "cleared" if alert.is_over else "firing",
        "rule": alert.rule,
        "severity": alert.severity,
        "object": {"kind": alert.object_kind, "name": alert.object_label},
        "cluster": alert.cluster,
        "metric": alert.metric,
        "unit": alert.unit,
        "value": alert.value,
        "bound": alert.bound,
        "since": alert.since.isoformat(),
        "ended": alert.ended.isoformat() if alert.ended else None,
        "culprits": [dict(one) for one in alert.culprits[:CULPRITS]],
        "url": alert.url,
    }

"""What a message needs of alerts: their facts, the last hour of their figures, their links."""

from __future__ import annotations

import time
from collections.abc import Sequence

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from apps.alerts.models import Alert
from apps.alerts.rules.message import Curve, Told
from apps.metrics.measures import UNITS
from apps.metrics.models import MetricObject
from apps.metrics.series import Range, Series, series_of

HOUR_S = 3600
POINTS = 120
# A message details three alerts; the figures of the rest are not read.
MOST_CURVES = 3


def told_of(alerts: Sequence[Alert]) -> list[Told]:
    """Each alert as a message tells it; the first few with their curves."""
    curves = {alert.pk: curve_of(alert) for alert in alerts[:MOST_CURVES]}
    return [_told(alert, curves.get(alert.pk)) for alert in alerts]


def _told(alert: Alert, curve: Curve | None) -> Told:
    return Told(
        ref=alert.pk,
        rule=alert.title,
        severity=alert.severity,
        object_kind=alert.object_kind,
        object_label=alert.object_label,
        cluster=str(alert.cluster) if alert.cluster else "",
        metric=alert.metric,
        unit=alert.unit,
        value=alert.peak if alert.cleared_at else alert.last_value,
        bound=alert.bound,
        since=alert.fired_at or alert.opened_at,
        ended=alert.cleared_at,
        culprits=alert.culprits,
        advice=alert.advice,
        url=alert_url(alert.pk),
        curve=curve,
    )


def curve_of(alert: Alert) -> Curve | None:
    """The last hour of the metric; None where it is no metric, or nothing was measured."""
    if alert.metric not in UNITS:
        return None
    row = MetricObject.objects.filter(kind=alert.object_kind, ref=alert.object_ref).first()
    if row is None:
        return None
    now_s = int(time.time())
    span = Range(now_s - HOUR_S, now_s, POINTS)
    series = series_of(row, span, [alert.metric])
    unit = UNITS[alert.metric]
    values = _evenly(series, alert.metric, span)
    return Curve(values=values, unit=unit, bound=alert.bound if alert.unit == unit else None)


def _evenly(series: Series, metric: str, span: Range) -> list[float | None]:
    """One value for each step of the hour: a gap in time is one in the chart, a pause between samples is not."""
    known = dict(zip(series.at, series.columns[metric], strict=True))
    values: list[float | None] = []
    last_at, last = 0, None
    for moment in range(span.start_s - span.start_s % series.step_s, span.end_s, series.step_s):
        if (value := known.get(moment)) is not None:
            last_at, last = moment, value
        values.append(last if moment - last_at <= series.gap_s else None)
    return values


def alert_url(pk: int) -> str:
    """Where a person looks at it; empty while nobody said under which address the portal is reached."""
    return _absolute("admin:alerts_alert_change", pk)


def alerts_url() -> str:
    """The list of alerts."""
    return _absolute("admin:alerts_alert_changelist")


def _absolute(view: str, *arguments: object) -> str:
    public: str | None = settings.CONFIGURATION.public_url
    if not public:
        return ""
    try:
        return public.rstrip("/") + reverse(view, args=arguments)
    except NoReverseMatch:
        return public


def group_in_words(alerts: Sequence[Alert]) -> str:
    """What alerts of one message have in common: a stack, an object, a cluster; nothing where it is nothing."""
    stacks = {stack_of(alert) for alert in alerts}
    if len(stacks) == 1 and (stack := stacks.pop()):
        return _("stack %(name)s") % {"name": stack}
    labels = {alert.object_label for alert in alerts}
    if len(labels) == 1:
        return labels.pop()
    clusters = {str(alert.cluster) for alert in alerts if alert.cluster}
    return _("cluster %(name)s") % {"name": clusters.pop()} if len(clusters) == 1 else ""


def stack_of(alert: Alert) -> str:
    """The stack that an alert's group names; empty where it is none."""
    kind, _colon, name = alert.group_key.partition("/")[2].partition(":")
    return name if kind == "stack" else ""

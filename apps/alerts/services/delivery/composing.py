"""Writes a message as a row, whole: what was said stays as it was, and sending again sends the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import translation

from apps.alerts.models import Alert, Channel, Delivery, Route, Severity
from apps.alerts.rules.message import Composed, Subject, Told, compose
from apps.alerts.selectors.telling import alerts_url, group_in_words, told_of

LONGEST_TITLE = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Why a message is written, and whether it may go."""

    now: datetime
    kind: str = Delivery.Kind.ALERTS
    state: str = Delivery.State.WAITING
    route: Route | None = None
    because: str = ""
    quiet_since: datetime | None = None


def write_delivery(channel: Channel, alerts: Sequence[Alert], plan: Plan) -> Delivery:
    """One message about these alerts to one channel."""
    with translation.override(channel.language):
        told = told_of(sorted(alerts, key=lambda alert: alert.cleared_at is not None))
        composed = in_words(channel, alerts, told, plan)
    first = next((one for one in told if one.curve is not None), None)
    delivery = Delivery.objects.create(
        channel=channel,
        channel_name=channel.name,
        route=plan.route,
        kind=plan.kind,
        state=plan.state,
        severity=_severity(composed),
        title=composed.title[:LONGEST_TITLE],
        text=composed.text,
        facts=composed.facts,
        curve=_curve(first),
        because=plan.because,
        next_at=plan.now if plan.state == Delivery.State.WAITING else None,
        finished_at=plan.now if plan.state == Delivery.State.SILENCED else None,
    )
    delivery.alerts.set(alerts)
    return delivery


def in_words(
    channel: Channel, alerts: Sequence[Alert], told: Sequence[Told], plan: Plan
) -> Composed:
    """The words, in the language that is on and the channel's zone."""
    subject = Subject(
        kind=str(plan.kind),
        alerts=told,
        now=plan.now,
        zone=zone_of(channel),
        group=group_in_words(alerts) if len(alerts) > 1 else "",
        url=alerts_url(),
        quiet_since=plan.quiet_since,
    )
    return compose(subject)


def zone_of(channel: Channel) -> ZoneInfo:
    """The channel's time zone; UTC where this machine does not know it any more."""
    try:
        return ZoneInfo(channel.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _severity(composed: Composed) -> str:
    return composed.severity if composed.severity in Severity.values else Severity.INFO


def _curve(told: Told | None) -> dict[str, object]:
    if told is None or told.curve is None:
        return {}
    return {
        "values": list(told.curve.values),
        "bound": told.curve.bound,
        "severity": told.severity,
    }

"""After quiet hours and silences: what is still open, and what came and went."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.alerts.models import Alert, Channel, Delivery, Notice, Silence
from apps.alerts.rules.quiet import quiet_until
from apps.alerts.rules.severities import gravest
from apps.alerts.selectors.routing import quiets_of
from apps.alerts.services.delivery.composing import Plan, write_delivery
from apps.alerts.services.delivery.routing import notice_of

State = Delivery.State
MOST_ALERTS = 500


def catch_up(now: datetime) -> int:
    """One message for each channel whose quiet hours ended; returns how many."""
    channels = Channel.objects.filter(deliveries__state=State.HELD).distinct()
    return sum(_catch_up(channel, now) for channel in channels)


def _catch_up(channel: Channel, now: datetime) -> int:
    with transaction.atomic():
        held = list(Delivery.objects.filter(channel=channel, state=State.HELD).order_by("pk"))
        gravity = gravest([row.severity for row in held])
        quiets = [quiet for _name, quiet in quiets_of(channel.pk)]
        if quiet_until(quiets, severity=gravity, at=now) is not None:
            return 0
        pks = [row.pk for row in held]
        taken = Delivery.objects.filter(pk__in=pks, state=State.HELD)
        if taken.update(state=State.CAUGHT_UP, finished_at=now) != len(pks):
            # Somebody else catches up at this moment: leave it all to them.
            transaction.set_rollback(True)
            return 0
        alerts = Alert.objects.filter(deliveries__in=pks).select_related("cluster").distinct()
        return _digest(channel, list(alerts[:MOST_ALERTS]), held[0].created_at, now)


def _digest(channel: Channel, alerts: list[Alert], since: datetime, now: datetime) -> int:
    if not alerts or not channel.is_enabled:
        return 0
    plan = Plan(kind=Delivery.Kind.DIGEST, quiet_since=since, now=now)
    write_delivery(channel, alerts, plan)
    return 1


def end_of_silences(now: datetime) -> int:
    """What a silence kept, and is still open at its end, is told now; returns how many notices that makes."""
    made = 0
    for silence in Silence.objects.filter(is_caught_up=False, ends_at__lte=now):
        with transaction.atomic():
            mine = Silence.objects.filter(pk=silence.pk, is_caught_up=False)
            if mine.update(is_caught_up=True):
                made += _release(silence, now)
    return made


def _release(silence: Silence, now: datetime) -> int:
    kept = silence.notices.filter(alert__state=Alert.State.FIRING).select_related("alert", "route")
    latest = {(notice.route_id, notice.alert_id): notice for notice in kept.order_by("at", "pk")}
    notices = [
        notice_of(notice.alert, notice.route, Notice.Kind.FIRED, now) for notice in latest.values()
    ]
    Notice.objects.bulk_create(notices)
    return len(notices)

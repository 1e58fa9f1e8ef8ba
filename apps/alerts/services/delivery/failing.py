"""A channel's last result, and the alert about a channel that does not work."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.alerts.models import Alert, AlertChange, Channel, Severity
from apps.alerts.ports.notifier import Receipt
from apps.alerts.services.announcing import add_change

KIND, METRIC = "channel", "undelivered"
RULE_NAME = gettext_noop("Messages do not arrive")


def note_arrival(channel: Channel, now: datetime) -> None:
    """It works: its alert is over."""
    Channel.objects.filter(pk=channel.pk).update(
        last_ok_at=now, failures=0, last_problem="", last_detail="", last_status=None
    )
    for alert in _open_alerts(channel):
        Alert.objects.filter(pk=alert.pk).update(
            state=Alert.State.CLEARED, cleared_at=now, seen_at=now
        )
        add_change(AlertChange(alert=alert, kind=AlertChange.Kind.CLEARED))


def note_failure(channel: Channel, receipt: Receipt, now: datetime, *, has_given_up: bool) -> None:
    """It did not work; once a message was given up, that is an alert of its own in the portal."""
    Channel.objects.filter(pk=channel.pk).update(
        last_failed_at=now,
        failures=F("failures") + 1,
        last_problem=receipt.problem,
        last_detail=receipt.detail,
        last_status=receipt.status,
    )
    if has_given_up:
        _raise_alert(channel, now)


def _open_alerts(channel: Channel) -> list[Alert]:
    rows = Alert.objects.filter(object_kind=KIND, object_ref=channel.pk, metric=METRIC)
    return list(rows.exclude(state=Alert.State.CLEARED))


def _raise_alert(channel: Channel, now: datetime) -> None:
    if _open_alerts(channel):
        return
    alert = Alert.objects.create(
        rule=None,
        rule_name=_(RULE_NAME),
        severity=Severity.WARNING,
        words=_("The deliveries say why; the channel's test shows whether it works again."),
        metric=METRIC,
        object_kind=KIND,
        object_ref=channel.pk,
        object_label=channel.name,
        state=Alert.State.FIRING,
        opened_at=now,
        fired_at=now,
        seen_at=now,
        group_key=f"0/{KIND}:{channel.pk}",
    )
    add_change(AlertChange(alert=alert, kind=AlertChange.Kind.FIRED))

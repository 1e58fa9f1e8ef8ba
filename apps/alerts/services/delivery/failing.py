"""A channel's last result, which its page shows and the rule about channels looks at."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from apps.alerts.models import Channel
from apps.alerts.ports.notifier import Receipt


def note_arrival(channel: Channel, now: datetime) -> None:
    """It works."""
    Channel.objects.filter(pk=channel.pk).update(
        last_ok_at=now,
        failures=0,
        has_given_up=False,
        last_problem="",
        last_detail="",
        last_status=None,
    )


def note_failure(channel: Channel, receipt: Receipt, now: datetime, *, has_given_up: bool) -> None:
    """It did not work; once a message was given up, that is an alert of its own in the portal."""
    facts = {"has_given_up": True} if has_given_up else {}
    Channel.objects.filter(pk=channel.pk).update(
        last_failed_at=now,
        failures=F("failures") + 1,
        last_problem=receipt.problem,
        last_detail=receipt.detail,
        last_status=receipt.status,
        **facts,
    )

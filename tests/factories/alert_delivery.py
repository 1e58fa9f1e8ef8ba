"""Channels, routes and alerts that fire, for tests of delivery."""

from __future__ import annotations

import json
from datetime import timedelta

from django.utils import timezone

from apps.alerts.models import Alert, AlertChange, AlertRule, Channel, Route
from dce_portal.sealing import seal
from dce_portal.secret import Secret


def channel_of(behaviour="ok", *, name=None, url=None, **facts):
    """A webhook whose target behaves as the fake's paths say."""
    said = {"url": url or f"http://fake.test/{behaviour}", "key": ""}
    sealed = seal(Secret(json.dumps(said)))
    values = {"kind": "webhook", "hint": "fake.test", "sealed": sealed, **facts}
    return Channel.objects.create(name=name or behaviour, **values)


def route_to(*channels, name="all", wait_s=0, **facts):
    """A route that gathers for no time."""
    route = Route.objects.create(name=name, wait_s=wait_s, **{"repeat_s": 0, **facts})
    route.channels.set(channels)
    return route


def firing(label="shop_web", *, group_key="1/stack:shop", **facts):
    """An alert that just fired, with its row in the outbox."""
    now = timezone.now()
    values = {
        "rule_name": "Memory near its limit",
        "severity": "warning",
        "metric": "memory_bytes",
        "unit": "%",
        "object_kind": "service",
        "object_ref": Alert.objects.count() + 1,
        "last_value": 94.0,
        "bound": 90.0,
        "culprits": [{"label": "shop_web.1", "value": 2.0 * 2**30, "unit": "bytes"}],
        "is_announced": True,
        **facts,
    }
    alert = Alert.objects.create(
        object_label=label,
        group_key=group_key,
        state=Alert.State.FIRING,
        opened_at=now - timedelta(minutes=6),
        fired_at=now,
        seen_at=now,
        sequence=1,
        **values,
    )
    AlertChange.objects.create(alert=alert, at=now, kind="fired", sequence=1)
    return alert


def over(alert):
    """The alert ends, with its row in the outbox."""
    alert.state, alert.cleared_at = Alert.State.CLEARED, timezone.now()
    alert.sequence += 1
    alert.save()
    AlertChange.objects.create(
        alert=alert, at=alert.cleared_at, kind="cleared", sequence=alert.sequence
    )
    return alert


def rule_of(**facts):
    """A rule, by whom it was made."""
    number = AlertRule.objects.count()
    values = {"condition": "threshold", "metric": "memory_bytes", "object_kind": "service"}
    return AlertRule.objects.create(**{"name": f"rule {number}", **values, **facts})

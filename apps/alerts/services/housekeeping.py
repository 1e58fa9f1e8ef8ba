"""Keeps the history from growing without end."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from apps.alerts.models import Alert

KEPT = timedelta(days=400)
MOST_AT_ONCE = 5000


def drop_old_alerts(*, now: datetime | None = None) -> int:
    """Drop alerts that were over more than thirteen months ago, with their steps."""
    before = (now or timezone.now()) - KEPT
    old = Alert.objects.filter(state=Alert.State.CLEARED, cleared_at__lt=before)
    pks = list(old.order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE])
    Alert.objects.filter(pk__in=pks).delete()
    return len(pks)

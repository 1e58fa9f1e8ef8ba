"""Keeps the record of what changed from growing for ever."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from apps.nodes.models import ClusterEvent

KEEP_EVENTS = timedelta(days=30)
BATCH_ROWS = 1000


def drop_old_events() -> int:
    """Delete events older than a month, in batches that hold no lock for long; returns how many."""
    old = ClusterEvent.objects.filter(at__lt=timezone.now() - KEEP_EVENTS).order_by("at")
    dropped = 0
    while keys := list(old.values_list("pk", flat=True)[:BATCH_ROWS]):
        dropped += ClusterEvent.objects.filter(pk__in=keys).delete()[0]
    return dropped

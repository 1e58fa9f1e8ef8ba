"""Removes audit entries that are older than they are kept, a batch at a time, so that no writer waits long."""

from __future__ import annotations

import time
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from apps.accounts.models import AuditEvent

BATCH = 1000
RUN_S = 60.0


def drop_old_audit(*, run_s: float = RUN_S) -> int:
    """Remove what is due, the oldest first, until all is gone or time is up; returns how many."""
    days = settings.CONFIGURATION.audit_days
    if not days:
        return 0
    before, until = timezone.now() - timedelta(days=days), time.monotonic() + run_s
    dropped = 0
    while time.monotonic() < until:
        due = AuditEvent.objects.filter(at__lt=before).order_by("at")
        numbers = list(due.values_list("pk", flat=True)[:BATCH])
        if not numbers:
            break
        dropped += AuditEvent.objects.filter(pk__in=numbers).delete()[0]
    return dropped

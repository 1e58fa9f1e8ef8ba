"""One round of delivery, of which one runs at a time."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db.models import Q
from django.utils import timezone

from apps.alerts.models import Alert, Delivery, Notice
from apps.alerts.ports.notifier import NotifierPort
from apps.alerts.services.delivery.catching_up import catch_up, end_of_silences
from apps.alerts.services.delivery.gathering import gather
from apps.alerts.services.delivery.routing import remind, route_changes
from apps.alerts.services.delivery.sending import Sender

LOCK, LOCK_S = "alerts:deliver", 120
DROPPED_AT_ONCE = 5000


def deliver(notifier: NotifierPort) -> int:
    """Route, gather, catch up and send; returns how many messages arrived.

    The lock only spares work: rows are claimed one by one, so that a second round at the same time
    would send nothing twice.
    """
    mine = secrets.token_hex(8)
    if not cache.add(LOCK, mine, timeout=LOCK_S):
        return 0
    try:
        prepare()
        return Sender(notifier).run()
    finally:
        if cache.get(LOCK) == mine:
            cache.delete(LOCK)


def prepare() -> None:
    """Everything before the sending."""
    now = timezone.now()
    route_changes(now)
    end_of_silences(now)
    remind(now)
    gather(now)
    catch_up(now)


def drop_old() -> int:
    """Delete messages that are over and older than the operator keeps them, and notices that are spent."""
    before = timezone.now() - timedelta(days=settings.CONFIGURATION.delivery_days)
    over = Delivery.objects.filter(created_at__lt=before, finished_at__isnull=False)
    pks = list(over.values_list("pk", flat=True)[:DROPPED_AT_ONCE])
    Delivery.objects.filter(pk__in=pks).delete()
    spent = Notice.objects.filter(at__lt=before).exclude(
        Q(outcome=Notice.Outcome.WAITING) | Q(alert__state=Alert.State.FIRING)
    )
    Notice.objects.filter(
        pk__in=list(spent.values_list("pk", flat=True)[:DROPPED_AT_ONCE])
    ).delete()
    return len(pks)

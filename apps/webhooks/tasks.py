"""The Celery tasks of this app."""

from __future__ import annotations

import time

import structlog
from celery import shared_task
from django.core.cache import cache

from apps.webhooks import backends
from apps.webhooks.services.sending import drop_old, send_due

log = structlog.get_logger(__name__)

LOCK = "webhooks:lock"
# Longer than the task may last: a worker that died gives it back so.
LOCK_S = 120
ROUNDS_S = 40.0


@shared_task(ignore_result=True, soft_time_limit=100, time_limit=110)
def send_waiting() -> None:
    """Send what waits, for as long as there is some and a while; one task at a time, as each may wait long."""
    if not cache.add(LOCK, 1, timeout=LOCK_S):
        return
    try:
        if sent := _rounds():
            log.info("webhooks_sent", count=sent)
    finally:
        cache.delete(LOCK)


def _rounds() -> int:
    until = time.monotonic() + ROUNDS_S
    sent = 0
    while count := send_due(backends.hook()):
        sent += count
        if time.monotonic() > until:
            break
    return sent


@shared_task(ignore_result=True, time_limit=300)
def drop_old_deliveries() -> None:
    """Forget what is older than messages are kept."""
    log.info("old_webhook_deliveries_dropped", count=drop_old())

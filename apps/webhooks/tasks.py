"""The Celery tasks of this app."""

from __future__ import annotations

import time

import structlog
from celery import shared_task

from apps.webhooks import backends
from apps.webhooks.services.sending import drop_old, send_due

log = structlog.get_logger(__name__)

ROUNDS_S = 40.0


@shared_task(ignore_result=True, soft_time_limit=100, time_limit=110)
def send_waiting() -> None:
    """Send what waits, for as long as there is some and a while."""
    until = time.monotonic() + ROUNDS_S
    sent = 0
    while count := send_due(backends.hook()):
        sent += count
        if time.monotonic() > until:
            break
    if sent:
        log.info("webhooks_sent", count=sent)


@shared_task(ignore_result=True, time_limit=300)
def drop_old_deliveries() -> None:
    """Forget what is older than messages are kept."""
    log.info("old_webhook_deliveries_dropped", count=drop_old())

"""The Celery tasks of this app."""

from __future__ import annotations

import structlog
from celery import shared_task

from apps.forwarding.services.sending import send_to_all

log = structlog.get_logger(__name__)


@shared_task(ignore_result=True, soft_time_limit=240, time_limit=300)
def send_audit_on() -> None:
    """Send to each receiver of the audit what it has not got."""
    if taken := send_to_all():
        log.info("audit_sent_on", count=taken)

"""The Celery tasks of this app."""

from __future__ import annotations

import structlog
from celery import shared_task

from apps.metrics import services

log = structlog.get_logger(__name__)


@shared_task(ignore_result=True)
def drop_old_samples() -> None:
    """Drop what is older than each tier keeps."""
    log.info("old_samples_dropped", **services.drop_old_samples())

"""The Celery tasks of this app."""

from __future__ import annotations

import structlog
from celery import shared_task

from apps.interop.services.remote_write import write_all

log = structlog.get_logger(__name__)


@shared_task(ignore_result=True, soft_time_limit=240, time_limit=300)
def write_samples() -> None:
    """Write what is new to the remote-write targets."""
    if taken := write_all():
        log.info("samples_written", count=taken)

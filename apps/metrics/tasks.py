"""The Celery tasks of this app."""

from __future__ import annotations

import structlog
from celery import shared_task

from apps.metrics import services
from apps.metrics.outlooks import refresh

log = structlog.get_logger(__name__)


@shared_task(ignore_result=True)
def drop_old_samples() -> None:
    """Drop what is older than each tier keeps."""
    log.info("old_samples_dropped", **services.drop_old_samples())


@shared_task(ignore_result=True, soft_time_limit=50, time_limit=55)
def refresh_outlooks() -> None:
    """Make what this hour's outlooks lack, for some seconds; the next tick goes on where this one stopped."""
    done = refresh.refresh()
    if done["objects"]:
        log.info("outlooks_refreshed", **done)


@shared_task(ignore_result=True)
def drop_old_outlooks() -> None:
    """Forget forecasts after thirty days."""
    log.info("old_outlooks_dropped", outlooks=refresh.drop_old())

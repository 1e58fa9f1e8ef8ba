"""The Celery tasks of this app."""

from __future__ import annotations

import structlog
from celery import shared_task

from apps.alerts import services
from apps.alerts.services.alone import alone

log = structlog.get_logger(__name__)


@shared_task(ignore_result=True, soft_time_limit=50, time_limit=60)
def evaluate() -> None:
    """Look at all rules; one worker at a time, and a tick that comes meanwhile is let go."""
    with alone() as is_mine:
        if is_mine:
            _look()


def _look() -> None:
    """A look that fails says so on the alerts' page, since nothing is watched meanwhile."""
    try:
        services.evaluate()
    except Exception as error:
        services.note_failure(error)
        raise


@shared_task(ignore_result=True)
def drop_old_alerts() -> None:
    """Drop what was over long ago."""
    log.info("old_alerts_dropped", count=services.drop_old_alerts())

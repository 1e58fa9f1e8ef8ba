"""The Celery tasks of this app."""

from __future__ import annotations

import structlog
from celery import shared_task

from apps.alerts import backends, services
from apps.alerts.services import pulse
from apps.alerts.services.alone import alone
from apps.alerts.services.delivery import deliver
from apps.alerts.services.delivery.round import drop_old

log = structlog.get_logger(__name__)


@shared_task(ignore_result=True, soft_time_limit=100, time_limit=115)
def tell() -> None:
    """Tell what is to be told; a round that still runs does it all."""
    if sent := deliver(backends.notifier()):
        log.info("messages_sent", count=sent)


@shared_task(ignore_result=True, time_limit=60)
def send_heartbeat() -> None:
    """Say outwards that the portal is well, when it is time and true."""
    pulse.beat(backends.notifier())


@shared_task(ignore_result=True, time_limit=300)
def drop_old_deliveries() -> None:
    """Forget messages that are older than the operator keeps them."""
    log.info("old_deliveries_dropped", count=drop_old())


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

"""The kernel's Celery tasks."""

from __future__ import annotations

import structlog
from celery import shared_task
from django.conf import settings

from dce_portal import authority, heartbeats, operations

log = structlog.get_logger(__name__)


@shared_task(ignore_result=True, time_limit=operations.OPERATION_LIMIT_S)
def run_operation(operation_id: str) -> None:
    """Carry out one operation that a person started."""
    operations.execute(operation_id)


@shared_task(ignore_result=True)
def heartbeat(name: str) -> None:
    """Show that beat sends and that the worker of this queue takes; /readyz looks for it."""
    heartbeats.record(name)


@shared_task(ignore_result=True)
def hand_over_waiting() -> None:
    """Hand over operations that were queued while the broker was away."""
    operations.hand_over_waiting()


@shared_task(ignore_result=True)
def fail_overdue() -> None:
    """End operations whose worker is gone, so that what waits for their end goes on."""
    if overdue := operations.fail_overdue():
        log.warning("operations_overdue", count=overdue)


@shared_task(ignore_result=True)
def renew_own_certificates() -> None:
    """Renew the controller's and the HTTPS certificate in time, and have nginx load what is new."""
    if renewed := authority.prepare(settings.CONFIGURATION):
        log.info("certificates_renewed", which=renewed)
    try:
        authority.reload_when_changed(settings.CONFIGURATION)
    except (authority.OwnCertificateError, ProcessLookupError) as error:
        log.warning("https_certificate_not_loaded", reason=str(error))

"""The Celery tasks of this app; operations' handlers are known to the worker by being imported here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from celery import shared_task
from celery.signals import worker_ready

from apps.policies.services import deleting
from apps.policies.services.collecting import put_right
from apps.policies.services.quotas import recount_all
from apps.policies.services.retention import finish_interrupted_runs, start_due_runs
from dce_portal.errors import PortalError

if TYPE_CHECKING:
    from celery.worker.consumer import Consumer

log = structlog.get_logger(__name__)

KINDS = (deleting.KIND,)


@shared_task(ignore_result=True, soft_time_limit=280, time_limit=300)
def look_after_policies() -> None:
    """Put right what a restart interrupted, and count what namespaces with a quota hold."""
    put_right()
    try:
        finish_interrupted_runs()
    except PortalError as error:
        log.warning("retention_not_finished", reason=error.message)
    recount_all()


@shared_task(ignore_result=True, soft_time_limit=280, time_limit=300)
def start_retention() -> None:
    """Start the retention runs that are due."""
    if started := start_due_runs():
        log.info("retention_started", count=started)


@worker_ready.connect
def look_after_at_start(sender: Consumer, **_unused: object) -> None:
    """At once: a registry that stayed read-only takes no pushes."""
    if sender.app.conf.task_default_queue in sender.app.amqp.queues.consume_from:
        look_after_policies.delay()

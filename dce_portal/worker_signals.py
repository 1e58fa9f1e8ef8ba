"""What happens when a Celery worker starts: the one that runs operations ends those that its forerunner left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from celery.signals import worker_ready
from django.db import connections

from dce_portal import operations

if TYPE_CHECKING:
    from celery.worker.consumer import Consumer

log = structlog.get_logger(__name__)


@worker_ready.connect
def recover_operations(sender: Consumer, **_unused: object) -> None:
    """Fail what was interrupted; the poll worker, which starts on its own, must not do so."""
    if sender.app.conf.task_default_queue not in sender.app.amqp.queues.consume_from:
        return
    if interrupted := operations.fail_interrupted():
        log.warning("operations_interrupted", count=interrupted)
    connections.close_all()  # the pool's processes must not inherit one

"""What happens when a background process starts: it says so, and the default worker ends what its forerunner left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from celery.signals import beat_init, worker_ready
from django.db import connections
from redis import RedisError

from dce_portal import heartbeats, operations

if TYPE_CHECKING:
    from celery.worker.consumer import Consumer

log = structlog.get_logger(__name__)


@worker_ready.connect
def tell_worker(sender: Consumer, **_unused: object) -> None:
    """Let /readyz know at once, not at the first tick."""
    _tell("worker" if _runs_operations(sender) else "poll")


@beat_init.connect
def tell_beat(**_unused: object) -> None:
    """As for workers."""
    _tell(heartbeats.BEAT)


def _tell(name: str) -> None:
    try:
        heartbeats.started(name)
    except RedisError as error:
        log.warning("start_not_told", process=name, error=str(error))


def _runs_operations(sender: Consumer) -> bool:
    queues = sender.app.amqp.queues.consume_from
    return bool(sender.app.conf.task_default_queue in queues)


@worker_ready.connect
def recover_operations(sender: Consumer, **_unused: object) -> None:
    """Fail what was interrupted; the poll worker, which starts on its own, must not do so."""
    if not _runs_operations(sender):
        return
    if interrupted := operations.fail_interrupted():
        log.warning("operations_interrupted", count=interrupted)
    connections.close_all()  # the pool's processes must not inherit one

"""What happens when a background process starts: it says so, and the default worker ends what its forerunner left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from billiard.exceptions import WorkerLostError
from celery.signals import beat_init, task_failure, worker_ready
from django.db import connections
from redis import RedisError

from dce_portal import heartbeats, operations
from dce_portal.tasks import run_operation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from celery import Task
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


@task_failure.connect
def recover_lost(
    sender: Task[Any, Any], exception: BaseException, args: Sequence[object] = (), **_unused: object
) -> None:
    """One process of the pool was killed, for want of memory perhaps: the worker's main process hears of it."""
    if isinstance(exception, WorkerLostError) and sender.name == run_operation.name:
        operations.lose(str(args[0]))
        connections.close_all()  # as above: another process takes the lost one's place

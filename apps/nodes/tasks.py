"""Celery's tasks of this app: the poll worker's tick, and housekeeping."""

from __future__ import annotations

from celery import shared_task
from celery.signals import worker_process_shutdown, worker_shutdown

from apps.nodes import polling, services


@shared_task(ignore_result=True)
def poll_tick(shard: int, shards: int) -> None:
    """Start what is due in one shard of the fleet; returns at once."""
    polling.tick(shard=shard, shards=shards)


@shared_task(ignore_result=True)
def drop_old_events() -> None:
    """Delete what changed more than a month ago."""
    services.drop_old_events()


@shared_task(ignore_result=True, soft_time_limit=1500, time_limit=1800)
def renew_certificates() -> None:
    """Renew agents' certificates at two thirds of their time, and go on with a rotation that waits for some."""
    services.finish_rotation()


@worker_shutdown.connect
@worker_process_shutdown.connect
def stop_polling(**_signal: object) -> None:
    """Leave no open connection and no lease behind."""
    polling.stop()

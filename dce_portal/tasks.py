"""The kernel's Celery tasks."""

from __future__ import annotations

from celery import shared_task

from dce_portal import heartbeats, operations


@shared_task(ignore_result=True)
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

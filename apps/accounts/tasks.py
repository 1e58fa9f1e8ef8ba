"""The Celery tasks of this app."""

from __future__ import annotations

from celery import shared_task

from apps.accounts.security import browsers


@shared_task(ignore_result=True)
def drop_ended_sessions() -> None:
    """Drop sessions that are over, and the rows that told of them."""
    browsers.drop_ended()

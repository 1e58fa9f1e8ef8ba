"""What beat sends exists and can be sent."""

from __future__ import annotations

from django.conf import settings

from dce_portal.celery import app


def test_every_scheduled_task_exists() -> None:
    """A misspelt name would be noticed only in a worker's log."""
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert scheduled <= set(app.tasks)


def test_soft_limits_come_before_hard_ones() -> None:
    """Celery refuses to send a task whose soft limit, perhaps the common one, is above the hard."""
    app.loader.import_default_modules()
    common_soft, common_hard = app.conf.task_soft_time_limit, app.conf.task_time_limit
    limits = {
        name: (task.soft_time_limit or common_soft, task.time_limit or common_hard)
        for name, task in app.tasks.items()
    }
    assert not [name for name, (soft, hard) in limits.items() if soft and soft > hard]

"""The Celery tasks of this app."""

from __future__ import annotations

import structlog
from celery import shared_task

from apps.metrics import estimate, slow, upkeep
from apps.metrics.outlooks import refresh
from apps.metrics.right_sizing.services import refresh as refresh_sizings

log = structlog.get_logger(__name__)


@shared_task(ignore_result=True)
def drop_old_samples() -> None:
    """Drop what is older than each tier keeps."""
    log.info("old_samples_dropped", **upkeep.drop_old_samples())


@shared_task(ignore_result=True)
def seal_closed_hours() -> None:
    """Pack raw samples that are old enough."""
    log.info("hours_sealed", **upkeep.seal_closed_hours())


@shared_task(ignore_result=True)
def settle_quiet_objects() -> None:
    """Sum up the last buckets of what brings no more samples."""
    log.info("quiet_objects_settled", count=upkeep.settle_quiet_objects())


@shared_task(ignore_result=True)
def repair_tiers() -> None:
    """Sum up the last day anew."""
    log.info("tiers_repaired", **upkeep.repair_tiers())


@shared_task(ignore_result=True)
def measure_slow_objects() -> None:
    """Write the bytes of namespaces and volumes."""
    log.info("slow_objects_measured", **slow.measure_slow_objects())


@shared_task(ignore_result=True)
def look_at_tables() -> None:
    """Find out what the tables of usage take, for the page about their retention."""
    log.info("tables_looked_at", **estimate.look_at_tables())


@shared_task(ignore_result=True, soft_time_limit=50, time_limit=55)
def refresh_outlooks() -> None:
    """Make what this hour's outlooks lack, for some seconds; the next tick goes on where this one stopped."""
    done = refresh.refresh()
    if done["objects"]:
        log.info("outlooks_refreshed", **done)


@shared_task(ignore_result=True)
def drop_old_outlooks() -> None:
    """Forget forecasts after thirty days."""
    log.info("old_outlooks_dropped", outlooks=refresh.drop_old())


@shared_task(ignore_result=True)
def refresh_right_sizing() -> None:
    """Take in the hours that are over, and reckon anew what services should reserve."""
    done = refresh_sizings()
    if done.hours or done.services:
        log.info("right_sizing_refreshed", hours=done.hours, services=done.services)

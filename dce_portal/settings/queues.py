"""Celery: the broker, the queues and what beat sends when."""

from __future__ import annotations

from typing import Any

HEARTBEAT_S = 5.0
POLL_TICK_S = 1.0


def celery_of(*, broker_url: str, poll_shards: int) -> dict[str, Any]:
    """Every CELERY_* setting; `broker_url` is a redis:// or unix:// address."""
    return {
        "CELERY_BROKER_URL": broker_url.replace("unix://", "redis+socket://", 1),
        "CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP": True,
        "CELERY_BROKER_CONNECTION_MAX_RETRIES": None,
        "CELERY_BROKER_TRANSPORT_OPTIONS": {
            "visibility_timeout": 3600,
            "health_check_interval": 10,
            "socket_timeout": 10,
            "socket_connect_timeout": 5,
        },
        "CELERY_TASK_IGNORE_RESULT": True,
        "CELERY_TASK_DEFAULT_QUEUE": "default",
        "CELERY_TASK_ROUTES": {"apps.nodes.tasks.poll_tick": {"queue": "poll"}},
        "CELERY_TASK_TIME_LIMIT": 1800,
        "CELERY_WORKER_PREFETCH_MULTIPLIER": 1,
        "CELERY_WORKER_HIJACK_ROOT_LOGGER": False,
        "CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS": True,
        "CELERY_TIMEZONE": "UTC",
        "CELERY_BEAT_SCHEDULE": {**_heartbeats(), **_poll_ticks(poll_shards), **_HOUSEKEEPING},
    }


def _entry(
    task: str, every_s: float, *, queue: str = "default", args: tuple[Any, ...] = ()
) -> dict[str, Any]:
    """A tick that nobody took before the next one is due expires, so that none pile up."""
    options = {"queue": queue, "expires": every_s * 0.8}
    return {"task": task, "schedule": every_s, "args": args, "options": options}


def _heartbeats() -> dict[str, Any]:
    task = "dce_portal.tasks.heartbeat"
    names = {"default": "worker", "poll": "poll"}
    return {
        f"heartbeat of {name}": _entry(task, HEARTBEAT_S, queue=queue, args=(name,))
        for queue, name in names.items()
    }


def _poll_ticks(shards: int) -> dict[str, Any]:
    return {
        f"poll shard {shard}": _entry(
            "apps.nodes.tasks.poll_tick", POLL_TICK_S, queue="poll", args=(shard, shards)
        )
        for shard in range(shards)
    }


_HOUSEKEEPING = {
    "hand over waiting operations": _entry("dce_portal.tasks.hand_over_waiting", 60.0),
    "end overdue operations": _entry("dce_portal.tasks.fail_overdue", 60.0),
    "apply registry events": _entry("apps.registry.tasks.apply_events", 2.0),
    "reconcile the registry's catalogue": _entry("apps.registry.tasks.reconcile_catalogue", 600.0),
    "go on with a change of the signing key": _entry("apps.registry.tasks.resume_keys", 300.0),
    "reckon the registry's sizes": _entry("apps.registry.tasks.reckon_sizes", 15.0),
    "keep the registry's sizes": _entry("apps.registry.tasks.keep_sizes_of_day", 21_600.0),
    "offer the agent's image": _entry("apps.registry.tasks.publish_own_images", 60.0),
    "look after the registry's policies": _entry("apps.policies.tasks.look_after_policies", 30.0),
    "start retention": _entry("apps.policies.tasks.start_retention", 600.0),
    "send webhooks": _entry("apps.webhooks.tasks.send_waiting", 5.0),
    "drop old webhook deliveries": _entry("apps.webhooks.tasks.drop_old_deliveries", 3600.0),
    "scan what waits": _entry("apps.scanning.tasks.scan_waiting", 10.0),
    "mark guarded pulls": _entry("apps.scanning.tasks.mark_guarded", 60.0),
    "drop old scan reports": _entry("apps.scanning.tasks.drop_old_reports", 3600.0),
    "mark cache namespaces": _entry("apps.replication.tasks.mark_caches", 60.0),
    "start replications": _entry("apps.replication.tasks.start_due", 5.0),
    "store uses of tokens": _entry("apps.accounts.tasks.store_token_uses", 15.0),
    "drop old audit entries": _entry("apps.accounts.tasks.drop_old_entries", 3600.0),
    "send the audit on": _entry("apps.forwarding.tasks.send_audit_on", 5.0),
    "write samples to other stores": _entry("apps.interop.tasks.write_samples", 10.0),
    "drop old samples": _entry("apps.metrics.tasks.drop_old_samples", 900.0),
    "refresh right-sizing": _entry("apps.metrics.tasks.refresh_right_sizing", 600.0),
    "refresh outlooks": _entry("apps.metrics.tasks.refresh_outlooks", 60.0),
    "drop old outlooks": _entry("apps.metrics.tasks.drop_old_outlooks", 3600.0),
    "seal closed hours of samples": _entry("apps.metrics.tasks.seal_closed_hours", 900.0),
    "settle what brings no more samples": _entry("apps.metrics.tasks.settle_quiet_objects", 300.0),
    "measure namespaces and volumes": _entry("apps.metrics.tasks.measure_slow_objects", 900.0),
    "look at the tables of usage": _entry("apps.metrics.tasks.look_at_tables", 3600.0),
    "repair the tiers of usage": _entry("apps.metrics.tasks.repair_tiers", 86_400.0),
    "renew the portal's own certificates": _entry(
        "dce_portal.tasks.renew_own_certificates", 3600.0
    ),
    "renew agents' certificates": _entry("apps.nodes.tasks.renew_certificates", 3600.0),
    "tell of alerts": _entry("apps.alerts.tasks.tell", 5.0),
    "send the heartbeat": _entry("apps.alerts.tasks.send_heartbeat", 15.0),
    "drop old deliveries": _entry("apps.alerts.tasks.drop_old_deliveries", 3600.0),
    "look at alert rules": _entry("apps.alerts.tasks.evaluate", 10.0),
    "drop old alerts": _entry("apps.alerts.tasks.drop_old_alerts", 3600.0),
    "drop ended sessions": _entry("apps.accounts.tasks.drop_ended_sessions", 3600.0),
    "drop old records": _entry("apps.nodes.tasks.drop_old_events", 3600.0),
}

"""The portal's own figures: polls, queues, live line, operations, certificates, remote write."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from apps.accounts.models import User
from apps.interop.models import RemoteWrite
from apps.interop.rules.exposition import add_histogram
from apps.interop.rules.families import Family, Histogram, written
from apps.nodes.models import AgentCertificate
from dce_portal import figures, heartbeats
from dce_portal.authority import current_authority, https_expires_at
from dce_portal.health import BACKGROUND
from dce_portal.models import Operation, OperationState

RIGHT = "nodes.view_node"


def redis_families(user: User) -> Iterator[Family]:
    """What is kept in Redis; raises RedisError where it does not answer."""
    if not user.has_perm(RIGHT):
        return
    yield from _polls()
    yield _by_field(
        Family("dce_samples_dropped", "counter", "Samples that were not taken, by reason."),
        figures.numbers_of(figures.DROPPED),
        label="reason",
    )
    yield _by_field(
        Family("dce_celery_queue_messages", "gauge", "Messages that wait for a worker."),
        figures.queue_lengths(queue_names()),
        label="queue",
    )
    yield from _live()
    yield _heartbeats()


def queue_names() -> set[str]:
    """The queues to which anything is sent."""
    celery: Any = settings
    routed = [route["queue"] for route in celery.CELERY_TASK_ROUTES.values()]
    sent = [entry.get("options", {}).get("queue") for entry in celery.CELERY_BEAT_SCHEDULE.values()]
    return {celery.CELERY_TASK_DEFAULT_QUEUE, *routed, *filter(None, sent)}


def _by_field(family: Family, numbers: dict[str, Any], *, label: str) -> Family:
    for name, value in sorted(numbers.items()):
        family.add(value, written({label: name}))
    return family


def _polls() -> list[Family]:
    took = Family("dce_poll_duration_seconds", "histogram", "How long polls took.")
    failed = Family("dce_polls_failed", "counter", "Polls that brought no answer.")
    for shard, told in enumerate(figures.polls_of(settings.CONFIGURATION.poll_shards)):
        for kind, polls in sorted(told["kinds"].items()):
            labels = written({"kind": kind, "shard": str(shard)})
            histogram = Histogram(told["bounds_s"], polls["counts"], polls["sum_s"])
            add_histogram(took, histogram, labels)
            failed.add(polls["failed"], labels)
    return [took, failed]


# The stream processes' own numbers, by their names in what each of them tells.
LIVE_GAUGES = {
    "sockets": "Browsers and scripts that watch live.",
    "topics": "Topics that somebody watches.",
}
LIVE_COUNTERS = {
    "messages": "Messages that were sent to them.",
    "conflated": "Frames of which a slow client got only the newest.",
    "closed_behind": "Lines that were closed since their client read too slowly.",
}


def _live() -> Iterator[Family]:
    numbers = figures.live_sums(now_s=time.time())
    for name, text in LIVE_GAUGES.items():
        gauge = Family(f"dce_live_{name}", "gauge", text)
        gauge.add(numbers.get(name))
        yield gauge
    for name, text in LIVE_COUNTERS.items():
        counter = Family(f"dce_live_{name}", "counter", text)
        counter.add(numbers.get(name))
        yield counter


def _heartbeats() -> Family:
    age = Family(
        "dce_process_heartbeat_age_seconds", "gauge", "Since the process was last heard of."
    )
    for name in BACKGROUND:
        age.add(heartbeats.age_s(name), written({"process": name}))
    return age


def operation_families(user: User) -> list[Family]:
    """Operations that are kept, by state."""
    if not user.has_perm("portal.view_operation"):
        return []
    family = Family("dce_operations", "gauge", "Operations that are kept, by state.")
    counted: QuerySet[Operation, Any] = Operation.objects.order_by().values_list("state")
    found = dict(counted.annotate(n=Count("pk")))
    for state in OperationState:
        family.add(found.get(state.value, 0), written({"state": state.value}))
    return [family]


def certificate_families(user: User, *, at: datetime, most: int) -> list[Family]:
    """When certificates end: the portal's own, and the newest of each agent."""
    if not user.has_perm("nodes.view_agentcertificate"):
        return []
    left = Family("dce_certificate_remaining_seconds", "gauge", "Until the certificate ends.")
    for kind, ends in _own_certificates():
        left.add((ends - at).total_seconds(), written({"kind": kind, "name": kind}))
    agents: dict[str, datetime] = {}
    good = Q(revoked_at=None, endpoint__isnull=False)
    rows = AgentCertificate.objects.filter(good).order_by("expires_at")
    agents.update(rows.values_list("name", "expires_at")[: 2 * most])
    for name, ends in agents.items():
        left.add((ends - at).total_seconds(), written({"kind": "agent", "name": name}))
    return [left]


def _own_certificates() -> Iterator[tuple[str, datetime]]:
    authority = current_authority()
    if authority is None:  # before the first start
        return
    yield "authority", authority.expires_at
    yield "https", https_expires_at()


def remote_write_families(user: User, *, at: datetime) -> list[Family]:
    """How far each remote-write target has got."""
    if not user.has_perm("interop.view_remotewrite"):
        return []
    up = Family("dce_remote_write_up", "gauge", "1 while the target takes samples.")
    sent = Family("dce_remote_write_samples", "counter", "Samples that the target took.")
    refused = Family("dce_remote_write_samples_refused", "counter", "Samples that it refused.")
    lag = Family(
        "dce_remote_write_lag_seconds", "gauge", "How old the oldest sample is that waits."
    )
    for one in RemoteWrite.objects.filter(is_active=True):
        labels = written({"target": one.name})
        up.add(one.state == RemoteWrite.State.WRITING, labels)
        sent.add(one.samples_sent, labels)
        refused.add(one.samples_refused, labels)
        if one.written_to is not None:
            lag.add(max((at - one.written_to).total_seconds(), 0.0), labels)
    return [up, sent, refused, lag]

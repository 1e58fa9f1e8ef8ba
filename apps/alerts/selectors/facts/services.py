"""Services that lack tasks or lose them, and containers that end, run out of memory or are unhealthy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from django.db.models import Count, F, Q, QuerySet

from apps.alerts.rules.looking import Answer, Key, Reading, Subject, answer
from apps.alerts.selectors.facts.asking import MOST_FOUND, Asked
from apps.alerts.selectors.facts.nodes import blind_clusters
from apps.nodes.models import ClusterEvent
from apps.workloads.models import Container, Service, Task

# A job's tasks are meant to end, and are not counted as missing.
LASTING_MODES = ("replicated", "global")
HALTED = ("paused", "rollback_paused")


def service_subject(service: Service) -> Subject:
    """The service as a subject."""
    return Subject(
        kind="service",
        ref=service.pk,
        label=service.name,
        cluster_ref=service.cluster_id,
        service_ref=service.pk,
    )


def container_subject(container: Container) -> Subject:
    """The container as a subject; its node must be at hand."""
    return Subject(
        kind="container",
        ref=container.pk,
        label=container.name,
        cluster_ref=container.node.cluster_id,
        node_ref=container.node_id,
        service_ref=container.service_id,
    )


def replicas_short(asked: Asked) -> Answer:
    """How many tasks are missing of services that shall last."""
    blind = blind_clusters()
    short = Service.objects.filter(mode__in=LASTING_MODES, running_tasks__lt=F("desired_tasks"))
    rows = short.exclude(cluster_id__in=blind)[:MOST_FOUND]
    readings = (
        Reading(service_subject(row), float(row.desired_tasks - row.running_tasks)) for row in rows
    )
    return answer(readings, calm=0.0, blind_clusters=blind)


def update_halted(asked: Asked) -> Answer:
    """Services whose update or roll-back was halted by a failure."""
    rows = Service.objects.filter(update_state__in=HALTED)[:MOST_FOUND]
    readings = (Reading(service_subject(row), 1.0) for row in rows)
    return answer(readings, calm=0.0, blind_clusters=blind_clusters())


def task_endings(asked: Asked, *, state: str) -> Answer:
    """How often tasks ended so within the window, by service; the Swarm remembers a few of each slot."""
    recent = Q(tasks__state=state, tasks__updated_at__gte=asked.since)
    services = Service.objects.filter(recent).annotate(endings=Count("tasks", filter=recent))
    readings = (
        Reading(service_subject(row), float(row.endings))
        for row in services.order_by("pk")[:MOST_FOUND]
    )
    return answer(readings, calm=0.0, blind_clusters=blind_clusters())


def deaths(asked: Asked) -> Answer:
    """How often containers of no service ended with an error within the window."""
    kinds = ("container.died", "container.killed")
    counts = _event_counts(asked, kinds)
    alone = _containers(counts).filter(service=None)
    readings = (Reading(container_subject(row), float(counts[row.native_id])) for row in alone)
    return answer(readings, calm=0.0)


def out_of_memory(asked: Asked) -> Answer:
    """How often the kernel ended something for lack of memory: of a service, or of containers of none.

    A task's container is replaced by another one, so that only its service can be counted.
    """
    counts = _event_counts(asked, ("container.oom",), severity=None)
    containers = list(_containers(counts))
    if asked.kind == "container":
        alone = [row for row in containers if row.service_id is None]
        return answer(
            (Reading(container_subject(row), float(counts[row.native_id])) for row in alone),
            calm=0.0,
        )
    return answer(_by_service(containers, counts), calm=0.0)


def _event_counts(
    asked: Asked, kinds: Iterable[str], *, severity: str | None = ClusterEvent.Severity.ERROR
) -> Counter[str]:
    events = ClusterEvent.objects.filter(kind__in=list(kinds), at__gte=asked.since)
    if severity is not None:
        events = events.filter(severity=severity)
    counted = events.order_by().values("subject_id").annotate(n=Count("pk")).order_by("-n")
    return Counter({row["subject_id"]: row["n"] for row in counted[:MOST_FOUND]})


def _containers(counts: Counter[str]) -> QuerySet[Container]:
    rows = Container.objects.filter(native_id__in=list(counts))
    return rows.select_related("node", "service")


def _by_service(containers: Iterable[Container], counts: Counter[str]) -> Iterator[Reading]:
    """Containers that are still known by their row, those that are gone by their task's."""
    totals: Counter[Key] = Counter()
    services: dict[Key, Service] = {}
    known = {row.native_id: row.service for row in containers}
    gone = [native_id for native_id in counts if native_id not in known]
    tasks = Task.objects.filter(container_native_id__in=gone).select_related("service")
    known |= {task.container_native_id: task.service for task in tasks}
    for native_id, service in known.items():
        if service is not None:
            key = ("service", service.pk)
            services[key] = service
            totals[key] += counts[native_id]
    for key, total in totals.items():
        yield Reading(service_subject(services[key]), float(total))


def unhealthy(asked: Asked) -> Answer:
    """Containers whose own health check fails; nothing is known of those on a node that is silent."""
    rows = Container.objects.filter(health="unhealthy", state="running").select_related("node")
    return answer(
        (
            Reading(container_subject(row), 1.0 if row.node.stale_since is None else None)
            for row in rows[:MOST_FOUND]
        ),
        calm=0.0,
    )

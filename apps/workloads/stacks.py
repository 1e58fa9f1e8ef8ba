"""Reads of stacks: their list with counts, and what one stack's page shows."""

from __future__ import annotations

from typing import Any

from django.db.models import Aggregate, Count, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from apps.workloads.models import Container, Service, Stack
from apps.workloads.selectors import (
    MOST_ROWS_A_PAGE,
    Viewer,
    condition_of,
    containers_visible_to,
    grouped,
    reserved_by,
    running_first,
    services_visible_to,
    tasks_visible_to,
)

# The worst first: a stack is in the state of its worst service.
CONDITIONS = ("halted", "none", "short", "updating", "whole", "zero")


def with_counts(stacks: QuerySet[Stack]) -> QuerySet[Stack]:
    """Each with its numbers of services, tasks and containers: one query, whatever the number of rows."""
    services = Service.objects.filter(cluster=OuterRef("cluster"), stack=OuterRef("name"))
    containers = Container.objects.filter(node__cluster=OuterRef("cluster"), stack=OuterRef("name"))

    def total(rows: QuerySet[Any], value: Aggregate) -> Coalesce:
        found = rows.order_by().values("stack").annotate(total=value).values("total")
        return Coalesce(Subquery(found), 0)

    return stacks.annotate(
        service_count=total(services, Count("pk")),
        running=total(services, Sum("running_tasks")),
        desired=total(services, Sum("desired_tasks")),
        container_count=total(containers, Count("pk")),
    )


def stack_page(user: Viewer, stack: Stack) -> dict[str, Any]:
    """Its services with their condition, tasks in groups, containers, and what they have together."""
    own = {"stack": stack.name}
    services = list(
        services_visible_to(user).filter(cluster=stack.cluster_id, **own)[:MOST_ROWS_A_PAGE]
    )
    tasks = tasks_visible_to(user).filter(cluster=stack.cluster_id, service__stack=stack.name)
    containers = containers_visible_to(user).filter(node__cluster=stack.cluster_id, **own)
    conditions = [condition_of(service) for service in services]
    return {
        "stack": stack,
        "condition": min(conditions, key=CONDITIONS.index, default=""),
        "services": [
            {"service": service, "condition": word}
            for service, word in zip(services, conditions, strict=True)
        ],
        "running": sum(service.running_tasks for service in services),
        "desired": sum(service.desired_tasks for service in services),
        "reserved": reserved_by("stack", stack.pk),
        "limits": _limits(services),
        "task_groups": grouped(running_first(tasks)),
        "containers": list(containers.order_by("-state", "name")[:MOST_ROWS_A_PAGE]),
    }


def _limits(services: list[Service]) -> dict[str, float | None]:
    """What its running tasks may use together; None where one of them has no limit."""
    running = [service for service in services if service.running_tasks]

    def total(name: str) -> float | None:
        limits = [getattr(service, name) * service.running_tasks for service in running]
        return sum(limits) if limits and all(limits) else None

    return {"cpu_cores": total("cpu_limit"), "memory_bytes": total("memory_limit_bytes")}

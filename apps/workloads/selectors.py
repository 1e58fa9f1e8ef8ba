"""Reads of services, tasks, containers and images, each only for those who may see them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import batched
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import (
    Case,
    Count,
    F,
    IntegerField,
    Model,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.nodes.models import Node
from apps.nodes.ports import ContainerInfo, ImageInfo
from apps.workloads import shapes
from apps.workloads.models import Container, EngineImage, Service, Stack, Task, Volume

UPDATE_WORDS = {
    "updating": _("updating"),
    "completed": _("completed"),
    "paused": _("halted"),
    "rollback_started": _("rolling back"),
    "rollback_completed": _("rolled back"),
    "rollback_paused": _("roll-back halted"),
}

SERVICE_LABEL = "com.docker.swarm.service.id"

Viewer = User | AnonymousUser
MOST_ROWS_A_PAGE = 200
KEYS_A_QUERY = 500
ALIVE = ("running", "ready", "complete")
ENDED_STATES = ("complete", "shutdown", "failed", "rejected", "remove", "orphaned")
UPDATING = frozenset({"updating", "rollback_started"})
HALTED = frozenset({"paused", "rollback_paused"})


def services_visible_to(user: Viewer) -> QuerySet[Service]:
    """Services with their cluster."""
    return _visible(Service.objects.select_related("cluster"), user)


def tasks_visible_to(user: Viewer) -> QuerySet[Task]:
    """Tasks with their cluster, service and node."""
    return _visible(Task.objects.select_related("cluster", "service", "node"), user)


def containers_visible_to(user: Viewer) -> QuerySet[Container]:
    """Containers with their node, its cluster, and their service."""
    return _visible(Container.objects.select_related("node__cluster", "service"), user)


def stacks_visible_to(user: Viewer) -> QuerySet[Stack]:
    """Stacks with their cluster."""
    return _visible(Stack.objects.select_related("cluster"), user)


def volumes_visible_to(user: Viewer) -> QuerySet[Volume]:
    """Volumes with their node and its cluster."""
    return _visible(Volume.objects.select_related("node__cluster"), user)


def images_visible_to(user: Viewer) -> QuerySet[EngineImage]:
    """Images with their node and its cluster."""
    return _visible(EngineImage.objects.select_related("node__cluster"), user)


def _visible[Row: Model](rows: QuerySet[Row], user: Viewer) -> QuerySet[Row]:
    options = rows.model._meta
    permission = f"{options.app_label}.view_{options.model_name}"
    return rows if user.is_active and user.has_perm(permission) else rows.none()


def task_totals(cluster_id: int) -> dict[str, int]:
    """How many tasks the cluster's services want, and how many run on nodes that are ready."""
    services = Service.objects.filter(cluster_id=cluster_id)
    totals = services.aggregate(running=Sum("running_tasks"), desired=Sum("desired_tasks"))
    return {name: total or 0 for name, total in totals.items()}


def promises_of(cluster_id: int) -> dict[str, Any]:
    """What the running tasks of a cluster's services reserve and are limited to, together; whoever asks."""
    running = F("running_tasks")
    parts: dict[str, Any] = {
        "cpu_reserved": Sum(F("cpu_reservation") * running),
        "cpu_limited": Sum(F("cpu_limit") * running),
        "cpu_unlimited_tasks": Sum(running, filter=Q(cpu_limit=0)),
        "memory_reserved": Sum(F("memory_reservation_bytes") * running),
        "memory_limited": Sum(F("memory_limit_bytes") * running),
        "memory_unlimited_tasks": Sum(running, filter=Q(memory_limit_bytes=0)),
    }
    promised = Service.objects.filter(cluster_id=cluster_id).aggregate(**parts)
    return {name: value or 0 for name, value in promised.items()}


def names_in_services(cluster_id: int) -> Iterator[str]:
    """The images that the cluster's services name, each by tag and by digest where it has both."""
    for image in Service.objects.filter(cluster_id=cluster_id).values_list("image", flat=True):
        name, _at, digest = image.partition("@")
        yield name
        repository, _colon, tag = name.rpartition(":")
        if digest:
            yield f"{repository if repository and '/' not in tag else name}@{digest}"


def counts_of_cluster(cluster_id: int) -> dict[str, int]:
    """How many services and containers are known of a cluster."""
    return {
        "services": Service.objects.filter(cluster_id=cluster_id).count(),
        "containers": Container.objects.filter(node__cluster_id=cluster_id).count(),
    }


def live_tasks(cluster_id: int) -> QuerySet[Task]:
    """The tasks that run or are to run, those of jobs included; what ended is left out."""
    tasks = Task.objects.filter(cluster_id=cluster_id, desired_state__in=ALIVE)
    return tasks.exclude(state__in=ENDED_STATES)


def task_counts(cluster_id: int) -> dict[int, dict[int, int]]:
    """How many live tasks each node has of each service, by the keys of both rows."""
    placed = live_tasks(cluster_id).exclude(node=None).exclude(service=None).order_by()
    counted = placed.values_list("node_id", "service_id").annotate(count=Count("pk"))
    counts: dict[int, dict[int, int]] = {}
    for node, service, count in counted:
        counts.setdefault(node, {})[service] = count
    return counts


def services_of(cluster_id: int) -> dict[int, Service]:
    """The cluster's services by their keys, whoever asks: for what is reckoned, not shown."""
    return {row.pk: row for row in Service.objects.filter(cluster_id=cluster_id)}


def all_services() -> QuerySet[Service]:
    """Every service of every cluster, whoever asks: for what is reckoned, not shown."""
    return Service.objects.order_by("pk")


def service_keys(wanted: Iterable[int]) -> list[int]:
    """Those of the keys that a service has."""
    return _present(Service, wanted)


def container_keys(wanted: Iterable[int]) -> list[int]:
    """Those of the keys that a container has."""
    return _present(Container, wanted)


def _present(model: type[Model], wanted: Iterable[int]) -> list[int]:
    rows = model._default_manager.order_by()
    parts = batched(sorted(wanted), KEYS_A_QUERY)
    return [key for part in parts for key in rows.filter(pk__in=part).values_list("pk", flat=True)]


def condition_of(service: Service) -> str:
    """One word for a service, the worst first: halted, none, short, updating, zero, whole."""
    if service.update_state in HALTED:
        return "halted"
    if service.running_tasks < service.desired_tasks:
        is_moving = service.update_state in UPDATING
        return "updating" if is_moving else "short" if service.running_tasks else "none"
    if service.update_state in UPDATING:
        return "updating"
    return "whole" if service.desired_tasks else "zero"


def service_page(user: Viewer, service: Service) -> dict[str, Any]:
    """What the service's page shows: its condition, tasks in groups and containers; two queries."""
    containers = containers_visible_to(user).filter(service=service).order_by("-state", "name")
    return {
        "service": service,
        "condition": condition_of(service),
        "update_word": UPDATE_WORDS.get(service.update_state, service.update_state),
        "task_groups": grouped(running_first(tasks_visible_to(user).filter(service=service))),
        "containers": list(containers[:MOST_ROWS_A_PAGE]),
    }


def running_first(tasks: QuerySet[Task]) -> QuerySet[Task]:
    """Those that run, those that shall run, then the past, each with the latest change first."""
    wanted = Q(desired_state="running")
    rank = Case(
        When(wanted & Q(state="running"), then=Value(0)),
        When(wanted, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return tasks.annotate(rank=rank).order_by("rank", "-updated_at", "pk")[:MOST_ROWS_A_PAGE]


def grouped(tasks: Iterable[Any]) -> dict[str, list[Task]]:
    """The ranked tasks under `running`, `coming` and `past`."""
    groups: dict[str, list[Task]] = {"running": [], "coming": [], "past": []}
    names = tuple(groups)
    for task in tasks:
        groups[names[task.rank]].append(task)
    return groups


def task_page(user: Viewer, task: Task) -> dict[str, Any]:
    """What the task's page shows: the task, and its container where an engine told of it."""
    own = Q(native_id=task.container_native_id) if task.container_native_id else Q(pk=None)
    containers = containers_visible_to(user).filter(own, node=task.node_id)
    return {"task": task, "container": containers.first()}


def image_page(user: Viewer, image: EngineImage) -> dict[str, Any]:
    """What the image's page shows: every node that holds it, and the containers made from it."""
    holders = images_visible_to(user).filter(native_id=image.native_id)
    containers = containers_visible_to(user).filter(image_native_id=image.native_id)
    return {
        "image": image,
        "holders": list(holders.order_by("node__hostname")[:MOST_ROWS_A_PAGE]),
        "containers": list(containers.order_by("-state", "name")[:MOST_ROWS_A_PAGE]),
    }


def containers_as_seen(node_pk: int) -> tuple[ContainerInfo, ...]:
    """A node's containers as its engine told of them; their service by the label, known here or not."""
    stored = shapes.CONTAINER.stored(Container.objects.filter(node=node_pk)).values()
    return tuple(replace(one, service_id=one.labels.get(SERVICE_LABEL, "")[:128]) for one in stored)


def images_as_seen(node_pk: int) -> tuple[ImageInfo, ...]:
    """A node's images as its engine told of them."""
    return tuple(shapes.IMAGE.stored(EngineImage.objects.filter(node=node_pk)).values())


def metered_containers(
    node: Node,
) -> list[tuple[int, str, str, int | None, float | None, int | None]]:
    """Key, native id, name, service, processor limit and stack of each container of a node."""
    rows = Container.objects.filter(node=node)
    stacks = dict(Stack.objects.filter(cluster=node.cluster_id).values_list("name", "pk"))
    columns = ("pk", "native_id", "name", "service_id", "service__cpu_limit", "stack")
    return [(*row, stacks.get(name)) for *row, name in rows.values_list(*columns)]


def reserved_by(kind: str, ref: int) -> dict[str, float]:
    """What the tasks that run there are promised; nothing for what promises nothing, as single containers do."""
    tasks = Task.objects.filter(state="running", desired_state="running").order_by()
    if kind in {"cluster", "node", "service"}:
        tasks = tasks.filter(**{kind: ref})
    elif kind == "stack":
        stack = Stack.objects.filter(pk=ref).values("cluster", "name")
        tasks = tasks.filter(
            cluster=Subquery(stack.values("cluster")), service__stack=Subquery(stack.values("name"))
        )
    else:
        return {}
    totals = tasks.aggregate(
        cpu_cores=Sum("service__cpu_reservation"),
        memory_bytes=Sum("service__memory_reservation_bytes"),
    )
    return {name: float(total) for name, total in totals.items() if total}


def measured_volumes() -> QuerySet[Volume]:
    """Every volume of which an engine told the size, whoever asks: for what is reckoned, not shown."""
    return Volume.objects.filter(size_bytes__isnull=False).select_related("node")


def images_in_use() -> set[str]:
    """The images that services name and containers were made from, whoever asks: for what is reckoned."""
    tasks = Task.objects.filter(desired_state__in=ALIVE).exclude(state__in=ENDED_STATES)
    kinds = (Service.objects.order_by(), tasks.order_by(), Container.objects.order_by())
    return {image for rows in kinds for image in rows.values_list("image", flat=True).distinct()}

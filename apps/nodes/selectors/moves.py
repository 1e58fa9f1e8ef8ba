"""What a drain would move, and what a rebalance would bring back, reckoned from the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from apps.nodes.models import Node
from apps.nodes.rules.fitting import NANO, Fit, Load, Room, fit
from apps.nodes.rules.placement import NodeFacts
from apps.workloads.models import Service
from apps.workloads.selectors import services_of, task_counts

GLOBAL_MODES = frozenset({"global", "global-job"})


@dataclass(frozen=True, slots=True)
class DrainPlan:
    """The tasks that move, by service; those that just end; and whether what moves finds room."""

    moving: tuple[Load, ...]
    ending: tuple[Load, ...]
    fit: Fit

    @property
    def moving_count(self) -> int:
        """Tasks that start again elsewhere, where they fit."""
        return sum(load.count for load in self.moving)

    @property
    def misfit_count(self) -> int:
        """Tasks that find no node."""
        return sum(misfit.count for misfit in self.fit.misfits)


def drain_plan(node: Node) -> DrainPlan:
    """Reckon with the reservations of everything that runs on the nodes that remain."""
    services = services_of(node.cluster_id)
    counts = task_counts(node.cluster_id)
    here = [(services[key], count) for key, count in counts.get(node.pk, {}).items()]
    moving = tuple(load_of(row, count) for row, count in here if row.mode not in GLOBAL_MODES)
    ending = tuple(load_of(row, count) for row, count in here if row.mode in GLOBAL_MODES)
    others = remaining_nodes(node.cluster_id, without=node.pk)
    return DrainPlan(
        moving=_by_name(moving),
        ending=_by_name(ending),
        fit=fit(moving, [room_of(row, services, counts.get(row.pk, {})) for row in others]),
    )


def balance_after(service: Service) -> tuple[Counter[str], Counter[str]]:
    """The service's tasks a host now, and where they would be placed if all were placed anew."""
    services, counts = services_of(service.cluster_id), task_counts(service.cluster_id)
    hostnames = dict(
        Node.objects.filter(cluster_id=service.cluster_id).values_list("pk", "hostname")
    )
    now = Counter(
        {hostnames[n]: own.pop(service.pk) for n, own in counts.items() if service.pk in own}
    )
    rooms = [
        room_of(row, services, counts.get(row.pk, {}))
        for row in remaining_nodes(service.cluster_id)
    ]
    placed = fit([load_of(service, now.total())], rooms).placed
    return now, Counter({hostname: count for (_service, hostname), count in placed.items()})


def remaining_nodes(cluster_id: int, *, without: int | None = None) -> list[Node]:
    """The nodes on which the Swarm may place tasks."""
    nodes = Node.objects.filter(
        cluster_id=cluster_id, state=Node.State.READY, availability=Node.Availability.ACTIVE
    )
    others = nodes if without is None else nodes.exclude(pk=without)
    return list(others.order_by("hostname"))


def load_of(service: Service, count: int) -> Load:
    """So many tasks of a service, as the scheduler sees them."""
    return Load(
        service=service.native_id,
        name=service.name,
        count=count,
        cpu_nano=round(service.cpu_reservation * NANO),
        memory_bytes=service.memory_reservation_bytes,
        constraints=tuple(service.constraints),
        platforms=tuple(service.platforms),
        max_per_node=service.max_per_node,
    )


def room_of(node: Node, services: Mapping[int, Service], counts: Mapping[int, int]) -> Room:
    """A node with what its tasks have reserved taken off."""
    loads = [load_of(services[key], count) for key, count in counts.items()]
    return Room(
        node=facts_of(node),
        free_cpu_nano=round(node.cpu_count * NANO) - sum(x.cpu_nano * x.count for x in loads),
        free_memory_bytes=node.memory_bytes - sum(x.memory_bytes * x.count for x in loads),
        tasks={load.service: load.count for load in loads},
    )


def facts_of(node: Node) -> NodeFacts:
    """What constraints may ask of it."""
    return NodeFacts(
        native_id=node.native_id,
        hostname=node.hostname,
        role=node.role,
        address=node.address,
        os=node.os,
        architecture=node.architecture,
        labels=node.labels,
        engine_labels=node.engine_labels,
    )


def _by_name(loads: tuple[Load, ...]) -> tuple[Load, ...]:
    return tuple(sorted(loads, key=lambda load: load.name))

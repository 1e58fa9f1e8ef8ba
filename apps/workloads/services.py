"""Writes what a poll saw of services, tasks, containers and images; the caller's transaction, one owner at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from apps.nodes.ports import (
    ClusterSnapshot,
    ContainerInfo,
    EngineSnapshot,
    Happening,
    ServiceInfo,
    TaskInfo,
)
from apps.nodes.ports.upkeep import VolumeInfo
from apps.workloads import diff, shapes
from apps.workloads.models import Container, EngineImage, Service, Task, Volume
from apps.workloads.stack_rows import StackRows
from dce_portal.difference import compare
from dce_portal.mirrors import MirrorWriter


@dataclass(frozen=True, slots=True)
class ClusterRef:
    """The cluster that was polled, and the rows of its nodes by their native ids."""

    pk: int
    node_pks: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class NodeRef:
    """The node whose engine was polled, and its cluster."""

    pk: int
    cluster_pk: int
    source: str


def mirror_cluster(cluster: ClusterRef, *, snapshot: ClusterSnapshot) -> list[Happening]:
    """Make the rows of services, tasks and stacks equal to the snapshot; returns what that tells."""
    happenings = _mirror_services(cluster, snapshot) + _mirror_tasks(cluster, snapshot)
    stacks = StackRows(cluster.pk, snapshot.taken_at, snapshot.source)
    stacks.see(service.stack for service in snapshot.services)
    stacks.drop_unnamed()
    return happenings


def _mirror_services(cluster: ClusterRef, snapshot: ClusterSnapshot) -> list[Happening]:
    writer: MirrorWriter[ServiceInfo] = MirrorWriter(
        shapes.SERVICE, Service, "cluster_id", cluster.pk
    )
    difference = compare(writer.stored(), snapshot.services)
    before = dict(writer.rows.values_list("native_id", "running_tasks"))
    writer.write(difference, observed_at=snapshot.taken_at, source=snapshot.source)
    now = diff.running_counts(snapshot)
    _write_running_counts(cluster, now)
    return diff.service_happenings(difference) + diff.replica_happenings(
        snapshot.services, before=before, now=now
    )


def _write_running_counts(cluster: ClusterRef, now: Mapping[str, int]) -> None:
    rows = Service.objects.filter(cluster_id=cluster.pk).only("native_id", "running_tasks")
    wrong = [row for row in rows if row.running_tasks != now.get(row.native_id, 0)]
    for row in wrong:
        row.running_tasks = now.get(row.native_id, 0)
    Service.objects.bulk_update(wrong, ["running_tasks"], batch_size=200)


def _mirror_tasks(cluster: ClusterRef, snapshot: ClusterSnapshot) -> list[Happening]:
    writer: MirrorWriter[TaskInfo] = MirrorWriter(shapes.TASK, Task, "cluster_id", cluster.pk)
    difference = compare(writer.stored(), diff.linked_tasks(snapshot))
    services = service_pks(cluster.pk)

    def links(task: TaskInfo) -> dict[str, int | None]:
        return {
            "service_id": services.get(task.service_id),
            "node_id": cluster.node_pks.get(task.node_id),
        }

    writer.write(difference, links=links, observed_at=snapshot.taken_at, source=snapshot.source)
    names = {service.native_id: service.name for service in snapshot.services}
    return diff.task_happenings(difference, service_names=names)


def mirror_engine(node: NodeRef, *, snapshot: EngineSnapshot) -> list[Happening]:
    """Make the rows of one engine's containers, and of its images where asked, equal to the snapshot."""
    if snapshot.images is not None:
        _mirror_images(node, snapshot)
    return _mirror_containers(node, snapshot)


def _mirror_containers(node: NodeRef, snapshot: EngineSnapshot) -> list[Happening]:
    writer: MirrorWriter[ContainerInfo] = MirrorWriter(
        shapes.CONTAINER, Container, "node_id", node.pk
    )
    services = service_pks(node.cluster_pk)
    seen = diff.linked_containers(snapshot.containers, known_services=services)
    difference = compare(writer.stored(), seen)

    def links(container: ContainerInfo) -> dict[str, int | None]:
        return {"service_id": services.get(container.service_id)}

    writer.write(difference, links=links, observed_at=snapshot.taken_at, source=node.source)
    stacks = StackRows(node.cluster_pk, snapshot.taken_at, node.source)
    stacks.see(container.stack for container in seen)
    if left := diff.stacks_left(difference):
        stacks.drop_unnamed(left)
    return diff.container_happenings(difference)


def _mirror_images(node: NodeRef, snapshot: EngineSnapshot) -> None:
    writer = MirrorWriter(shapes.IMAGE, EngineImage, "node_id", node.pk)
    difference = compare(writer.stored(), snapshot.images or ())
    writer.write(difference, observed_at=snapshot.taken_at, source=node.source)


def mirror_volumes(node: NodeRef, volumes: Iterable[VolumeInfo], *, at: datetime) -> None:
    """Make the rows of a node's volumes equal to what its engine measured."""
    writer: MirrorWriter[VolumeInfo] = MirrorWriter(shapes.VOLUME, Volume, "node_id", node.pk)
    difference = compare(writer.stored(), volumes)
    writer.write(difference, observed_at=at, source=node.source)


def service_pks(cluster_pk: int) -> dict[str, int]:
    """The rows of a cluster's services by their native ids."""
    return dict(Service.objects.filter(cluster_id=cluster_pk).values_list("native_id", "pk"))

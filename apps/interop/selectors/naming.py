"""The labels of measured objects: four queries for any number of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched

from apps.metrics.models import MetricObject
from apps.nodes.models import Cluster, Node
from apps.workloads.models import Container, Service

SHORT_ID = 12
IDS_A_QUERY = 10_000

Kind = MetricObject.Kind


@dataclass(frozen=True, slots=True)
class Names:
    """What rows are called, by their keys."""

    clusters: Mapping[int, str]
    nodes: Mapping[int, tuple[str, str]]
    services: Mapping[int, tuple[str, str]]
    containers: Mapping[int, tuple[str, str]]


def names_for(objects: Sequence[MetricObject]) -> Names:
    """The names that the labels of these objects need."""
    nodes = {one.node_ref or 0 for one in objects} | _refs(objects, Kind.NODE)
    services = {one.service_ref or 0 for one in objects} | _refs(objects, Kind.SERVICE)
    return Names(
        clusters=dict(Cluster.objects.values_list("pk", "name")),
        nodes=_pairs(Node, nodes, "hostname", "native_id"),
        services=_pairs(Service, services, "name", "stack"),
        containers=_pairs(Container, _refs(objects, Kind.CONTAINER), "native_id", "stack"),
    )


def _refs(objects: Iterable[MetricObject], kind: str) -> set[int]:
    return {one.ref for one in objects if one.kind == kind}


def _pairs(
    model: type[Node | Service | Container], keys: Iterable[int], *columns: str
) -> dict[int, tuple[str, str]]:
    rows = model._default_manager.order_by()
    return {
        pk: (first, second)
        for part in batched(set(keys) - {0}, IDS_A_QUERY)
        for pk, first, second in rows.filter(pk__in=part).values_list("pk", *columns)
    }


def labels_of(one: MetricObject, names: Names) -> dict[str, str]:
    """Whose figures these are; what is not known any more is left empty."""
    labels = {"cluster": names.clusters.get(one.cluster_ref, "")}
    if one.kind == Kind.CLUSTER:
        return labels
    if one.kind == Kind.NODE:
        return {**labels, **node_labels(*names.nodes.get(one.ref, (one.label, "")))}
    if one.kind == Kind.SERVICE:
        name, stack = names.services.get(one.ref, (one.label, ""))
        return {**labels, "stack": stack, "service": name}
    if one.kind == Kind.CONTAINER:
        return {**labels, **_container_labels(one, names)}
    hostname, _native_id = names.nodes.get(one.node_ref or 0, ("", ""))
    return {**labels, "node": hostname, one.kind: one.label}


def node_labels(hostname: str, native_id: str) -> dict[str, str]:
    """A node's name, and a part of its id: two nodes may be called alike."""
    return {"node": hostname, "node_id": native_id[:SHORT_ID]}


def _container_labels(one: MetricObject, names: Names) -> dict[str, str]:
    hostname, _node_id = names.nodes.get(one.node_ref or 0, ("", ""))
    service, service_stack = names.services.get(one.service_ref or 0, ("", ""))
    native_id, stack = names.containers.get(one.ref, ("", ""))
    return {
        "node": hostname,
        "stack": stack or service_stack,
        "service": service,
        "container": one.label,
        "id": native_id[:SHORT_ID],
    }

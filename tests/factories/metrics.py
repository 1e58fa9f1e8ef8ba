"""Engines' answers, and usage as polls leave it, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from apps.metrics.collector import Collector
from apps.metrics.services import ingest_engine
from apps.nodes.models import Node
from apps.nodes.ports import ContainerCounters, ContainerInfo
from apps.workloads.models import Container

SECOND_NS = 10**9
PROCESSORS = 4
CORES_EACH = 0.5
MEMORY_EACH = 100 * 2**20


def info_of(container: Container) -> ContainerInfo:
    return ContainerInfo(
        native_id=container.native_id,
        name=container.name,
        image="app",
        image_id="",
        command="",
        state="running",
        status="Up",
        health="",
        created_at=container.created_at,
        labels={},
        ports=(),
        networks=(),
        service_id="",
        task_id="",
        stack="",
    )


def counters_of(container: Container, *, at: datetime) -> ContainerCounters:
    """As if the container had used half a processor since 1970."""
    at_s = int(at.timestamp())
    return ContainerCounters(
        container_id=container.native_id,
        read_at=at,
        cpu_total_ns=int(at_s * CORES_EACH * SECOND_NS),
        system_cpu_ns=at_s * PROCESSORS * SECOND_NS,
        online_cpus=PROCESSORS,
        throttled_ns=0,
        memory_bytes=MEMORY_EACH,
        memory_limit_bytes=0,
        network_rx_bytes=at_s * 1000,
        network_tx_bytes=at_s * 500,
        block_read_bytes=0,
        block_write_bytes=0,
        pids=3,
    )


def poll(node: Node, *, at: datetime, memory: Collector) -> None:
    """One poll of the node's engine, with all its containers."""
    containers = list(node.containers.all())
    ingest_engine(
        node=Node.objects.select_related("cluster", "endpoint").get(pk=node.pk),
        counters=[counters_of(one, at=at) for one in containers],
        containers=[info_of(one) for one in containers],
        taken_at=at,
        memory=memory,
    )


def polls(nodes: Sequence[Node], *, start: datetime, count: int, every_s: int = 10) -> Collector:
    """Several rounds of polls by one worker."""
    memory = Collector()
    for number in range(count):
        for node in nodes:
            poll(node, at=start + timedelta(seconds=number * every_s), memory=memory)
    return memory

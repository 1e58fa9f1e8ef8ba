"""A large cluster in a portal's database (``python -m tests.e2e.fleet NODES CONTAINERS``): rows only, no engine.

It runs beside the portal in a process of its own. Figures are dated a quarter of an hour
ahead, so that they count as fresh for as long as a benchmark takes.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import django

CONTAINERS_A_SERVICE = 20
BATCH = 2000
AHEAD = timedelta(minutes=15)
GIB = 2**30


def main(nodes: int, containers: int) -> None:
    """Make all of it."""
    from apps.nodes.models import Cluster

    now = datetime.now(tz=UTC)
    cluster = Cluster.objects.create(name=f"fleet-{nodes}", kind="swarm", observed_at=now)
    node_keys = make_nodes(cluster, nodes, now)
    service_keys = make_services(cluster, max(1, containers // CONTAINERS_A_SERVICE), now)
    make_containers(cluster, node_keys, service_keys, containers, now)
    make_cluster_figures(cluster, nodes, now)
    make_minutes(cluster, now)


def make_nodes(cluster, count: int, now: datetime) -> list[int]:
    """Nodes whose engines nobody asks; one in a hundred is down, one in fifty late."""
    from apps.nodes.models import Node

    rows = [
        Node(
            cluster=cluster,
            native_id=f"fleet{number:020d}",
            hostname=f"node-{number}",
            role="manager" if number < 5 else "worker",
            state="down" if number % 100 == 99 else "ready",
            availability="drain" if number % 40 == 7 else "active",
            cpu_count=16,
            memory_bytes=64 * GIB,
            labels={"zone": "abc"[number % 3], "rack": str(number // 40)},
            observed_at=now,
            stale_since=now if number % 50 == 3 else None,
            stale_reason="10.0.0.1:12376 did not answer within 5 s" if number % 50 == 3 else "",
        )
        for number in range(count)
    ]
    Node.objects.bulk_create(rows, batch_size=200)
    draw = random.Random(1)
    make_objects("node", cluster, _node_figures(rows, draw), now)
    return [row.pk for row in rows]


def _node_figures(rows, draw: random.Random) -> Iterator[dict[str, object]]:
    for row in rows:
        share = min(1.0, draw.betavariate(2, 4))
        yield {
            "ref": row.pk,
            "label": row.hostname,
            "cpu_cores": 16 * share,
            "memory_bytes": 64 * GIB * min(1.0, share * 0.6 + draw.random() * 0.4),
            "disk_used_bytes": 500 * GIB * draw.random(),
            "disk_total_bytes": 500 * GIB,
            "network_rx_bps": draw.random() * 1e7,
            "network_tx_bps": draw.random() * 1e7,
            "cpu_limit_cores": 16,
            "memory_limit_bytes": 64 * GIB,
        }


def make_services(cluster, count: int, now: datetime) -> list[int]:
    """Services, with what right-sizing says of each."""
    from apps.workloads.models import Service

    rows = [
        Service(
            cluster=cluster,
            native_id=f"svc{cluster.pk:04d}{number:018d}",
            name=f"stack{number // 6}_service{number % 6}",
            stack=f"stack{number // 6}",
            image="registry.example/team/app:1",
            mode="replicated",
            desired_tasks=CONTAINERS_A_SERVICE,
            running_tasks=CONTAINERS_A_SERVICE - (number % 90 == 4),
            cpu_limit=2.0 if number % 3 else 0,
            cpu_reservation=0.5 if number % 4 else 0,
            memory_limit_bytes=GIB if number % 3 else 0,
            memory_reservation_bytes=GIB // 2 if number % 4 else 0,
            created_at=now - timedelta(days=30),
            updated_at=now - timedelta(days=2),
            observed_at=now,
        )
        for number in range(count)
    ]
    Service.objects.bulk_create(rows, batch_size=200)
    draw = random.Random(2)
    figures = (
        {
            "ref": row.pk,
            "label": row.name,
            "cpu_cores": draw.expovariate(1 / 4),
            "memory_bytes": draw.random() * 8 * GIB,
            "network_rx_bps": draw.random() * 1e6,
            "network_tx_bps": draw.random() * 1e6,
        }
        for row in rows
    )
    make_objects("service", cluster, figures, now)
    make_days(rows, now)
    return [row.pk for row in rows]


def make_days(services, now: datetime) -> None:
    """A fortnight of each service, and the rows that follow from it."""
    from apps.metrics.models import ServiceUsageDay
    from apps.metrics.right_sizing import sketch
    from apps.metrics.right_sizing.reckoning import reckon

    draw = random.Random(3)
    days = []
    for service in services:
        used, held = draw.expovariate(1 / 0.3) + 0.005, (0.1 + draw.random()) * 400 * 2**20
        cpu = [used * draw.lognormvariate(0, 0.5) for _ in range(120)]
        memory = [held * draw.lognormvariate(0, 0.05) for _ in range(120)]
        days += [
            ServiceUsageDay(
                service=service,
                day=(now - timedelta(days=age)).date(),
                minutes=1440,
                cpu_bins=_bins(sketch.CPU, cpu),
                memory_bins=_bins(sketch.MEMORY, memory),
                throttled_bins=_bins(sketch.SHARE, [0.2]) if service.pk % 37 == 0 else {},
                cpu_highest=max(cpu) * 1.2,
                memory_highest=max(memory),
            )
            for age in range(2)
        ]
    ServiceUsageDay.objects.bulk_create(days, batch_size=200)
    reckon(now=now)


def _bins(scale, values) -> dict[str, int]:
    bins: dict[str, int] = {}
    for value in values:
        name = str(scale.bin_of(value))
        bins[name] = bins.get(name, 0) + 1
    return bins


def make_containers(cluster, nodes, services, count: int, now: datetime) -> None:
    """Containers spread over the nodes, a few of them quiet for a week."""
    from apps.metrics.models import QuietContainer
    from apps.workloads.models import Container

    draw = random.Random(4)
    for start in range(0, count, BATCH):
        rows = [
            Container(
                node_id=nodes[number % len(nodes)],
                service_id=services[number // CONTAINERS_A_SERVICE % len(services)],
                native_id=f"{cluster.pk:04x}{number:060x}",
                name=f"stack{number // 120}_service{number // 20 % 6}.{number % 20}.x{number:06d}",
                image="registry.example/team/app:1",
                state="running",
                created_at=now - timedelta(days=20),
                observed_at=now,
            )
            for number in range(start, min(count, start + BATCH))
        ]
        Container.objects.bulk_create(rows, batch_size=200)
        make_objects("container", cluster, _container_figures(rows, draw), now)
        since_s = int((now - timedelta(days=12)).timestamp())
        QuietContainer.objects.bulk_create(
            [
                QuietContainer(
                    container=row, since_s=since_s, minutes=15000, memory_bytes=row.pk % 97 * 2**20
                )
                for row in rows[::150]
            ]
        )


def _container_figures(rows, draw: random.Random) -> Iterator[dict[str, object]]:
    for row in rows:
        yield {
            "ref": row.pk,
            "label": row.name,
            "node_ref": row.node_id,
            "service_ref": row.service_id,
            "cpu_cores": draw.expovariate(1 / 0.2),
            "memory_bytes": draw.random() * GIB,
            "network_rx_bps": draw.random() * 1e5,
            "network_tx_bps": draw.random() * 1e5,
        }


def make_cluster_figures(cluster, nodes: int, now: datetime) -> None:
    """The cluster's own."""
    figures = {
        "ref": cluster.pk,
        "label": cluster.name,
        "cpu_cores": nodes * 5.3,
        "memory_bytes": nodes * 31.0 * GIB,
        "cpu_limit_cores": nodes * 16,
        "memory_limit_bytes": nodes * 64.0 * GIB,
    }
    make_objects("cluster", cluster, iter([figures]), now)


def make_objects(kind: str, cluster, figures: Iterator[dict[str, object]], now: datetime) -> None:
    """Measured objects with their latest figures."""
    from apps.metrics.models import MetricObject

    MetricObject.objects.bulk_create(
        [
            MetricObject(
                kind=kind, source="agent", cluster_ref=cluster.pk, last_sample_at=now + AHEAD, **own
            )
            for own in figures
        ],
        batch_size=200,
    )


def make_minutes(cluster, now: datetime) -> None:
    """The last hour of every node and of the cluster; the next quarter as well, which then is the last."""
    from apps.metrics.models import MetricObject, MinuteSample

    end_s = int(now.timestamp()) // 60 * 60 + 15 * 60
    draw = random.Random(5)
    rows = MetricObject.objects.filter(cluster_ref=cluster.pk, kind__in=("node", "cluster"))
    for row in rows:
        level = {"cpu_cores": row.cpu_cores, "memory_bytes": row.memory_bytes}
        level |= {"disk_used_bytes": row.disk_used_bytes} if row.kind == "node" else {}
        MinuteSample.objects.bulk_create(
            [_minute(row.pk, end_s - 60 * age, level, draw) for age in range(80)], batch_size=100
        )


def _minute(object_id: int, minute_s: int, level, draw: random.Random):
    from apps.metrics.models import MinuteSample

    columns: dict[str, float] = {}
    for name, usual in level.items():
        value = usual * draw.uniform(0.8, 1.1)
        columns |= {f"{name}_count": 6, f"{name}_sum": 6 * value}
        columns |= {f"{name}_min": value, f"{name}_max": value * 1.1}
    return MinuteSample(object_id=object_id, minute_s=minute_s, **columns)


if __name__ == "__main__":
    started = time.monotonic()
    django.setup()
    main(*(int(argument) for argument in sys.argv[1:3]))
    sys.stderr.write(f"made in {time.monotonic() - started:.0f} s\n")

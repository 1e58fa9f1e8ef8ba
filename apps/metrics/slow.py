"""What is measured at a slow pace, from what the portal knows already: registry namespaces and volumes."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps.metrics.measures import Figures
from apps.metrics.models import MetricObject
from apps.metrics.store import Measurement, write
from apps.registry.selectors import bytes_by_namespace
from apps.workloads.selectors import measured_volumes

Kind, Source = MetricObject.Kind, MetricObject.Source

NAMESPACES_OWNER, VOLUMES_OWNER = 0, -(1 << 62)


def measure_slow_objects(*, now: datetime | None = None) -> dict[str, int]:
    """Write the bytes of each namespace as they are now, and of each volume as last measured."""
    now = now or timezone.now()
    namespaces, volumes = _namespaces(), _volumes()
    with transaction.atomic():
        write(namespaces, owner=NAMESPACES_OWNER, at=now)
    for at in sorted(volumes):
        with transaction.atomic():
            write(volumes[at], owner=VOLUMES_OWNER, at=at)
    return {"namespaces": len(namespaces), "volumes": sum(map(len, volumes.values()))}


def _namespaces() -> list[Measurement]:
    return [
        Measurement(
            kind=Kind.NAMESPACE,
            ref=pk,
            label=name,
            source=Source.REGISTRY,
            cluster_ref=0,
            figures=Figures(disk_used_bytes=float(size)),
        )
        for pk, name, size in bytes_by_namespace()
    ]


def _volumes() -> dict[datetime, list[Measurement]]:
    """By the moment at which their engine measured them; those that are stored already come to nothing."""
    stored = dict(
        MetricObject.objects.filter(kind=Kind.VOLUME).values_list("ref", "last_sample_at")
    )
    found: dict[datetime, list[Measurement]] = {}
    for volume in measured_volumes():
        before = stored.get(volume.pk)
        if before is not None and int(before.timestamp()) >= int(volume.observed_at.timestamp()):
            continue
        found.setdefault(volume.observed_at, []).append(
            Measurement(
                kind=Kind.VOLUME,
                ref=volume.pk,
                label=volume.native_id[:250],
                source=Source.ENGINE,
                cluster_ref=volume.node.cluster_id,
                node_ref=volume.node_id,
                figures=Figures(disk_used_bytes=float(volume.size_bytes or 0)),
            )
        )
    return found

"""What is to be polled, and what of it somebody watches."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Mod

from apps.nodes.models import (
    Cluster,
    EngineEndpoint,
)
from apps.nodes.ports import EngineAddress
from apps.nodes.selectors.addresses import address_of, controller_files, revoked_fingerprints


@dataclass(frozen=True, slots=True)
class PollTarget:
    """Something to ask regularly: a Swarm through its managers, or one engine."""

    kind: str
    pk: int
    addresses: tuple[EngineAddress, ...]


def poll_targets(*, shard: int, shards: int) -> Iterator[PollTarget]:
    """What one shard asks: its Swarms and its engines; single engines are their own cluster's source."""
    revoked, files = revoked_fingerprints(), controller_files()
    swarms = Cluster.objects.annotate(shard=Mod(F("pk"), shards)).filter(shard=shard)
    for cluster in swarms.filter(kind=Cluster.Kind.SWARM).prefetch_related("endpoints"):
        managers = [row for row in cluster.endpoints.all() if row.is_manager]
        managers.sort(key=lambda row: (not row.from_settings, row.pk))
        if managers:
            yield PollTarget(
                "cluster",
                cluster.pk,
                tuple(address_of(row, revoked=revoked, files=files) for row in managers),
            )
    yield from _standalone_targets(swarms)
    asked_alone = EngineEndpoint.objects.exclude(kind=EngineEndpoint.Kind.STANDALONE)
    for endpoint in asked_alone.annotate(shard=Mod(F("pk"), shards)).filter(shard=shard):
        kind = "agent" if endpoint.kind == EngineEndpoint.Kind.AGENT else "engine"
        yield PollTarget(kind, endpoint.pk, (address_of(endpoint, revoked=revoked, files=files),))


def _standalone_targets(clusters: QuerySet[Cluster]) -> Iterator[PollTarget]:
    """A standalone Swarm's managers, who tell of all its nodes; its key store is asked apart, with their TLS files."""
    rows = clusters.filter(kind=Cluster.Kind.STANDALONE)
    for cluster in rows.prefetch_related("endpoints"):
        managers = sorted(cluster.endpoints.all(), key=lambda row: row.pk)
        addresses = tuple(address_of(row) for row in managers)
        if addresses:
            yield PollTarget("standalone", cluster.pk, addresses)
        if addresses and cluster.discovery_url:
            store = EngineAddress(url=cluster.discovery_url, tls=addresses[0].tls)
            yield PollTarget("discovery", cluster.pk, (store,))


def endpoints_of_topics(topics: Collection[str]) -> frozenset[int]:
    """The addresses of the nodes that topics such as `node:7` and `container:9` are about."""
    refs = _numbers_by_kind(topics)
    watched = Q(node__in=refs.get("node", ())) | Q(node__containers__in=refs.get("container", ()))
    rows = EngineEndpoint.objects.filter(watched, kind=EngineEndpoint.Kind.AGENT)
    return frozenset(rows.values_list("pk", flat=True))


def _numbers_by_kind(topics: Collection[str]) -> dict[str, list[int]]:
    refs: dict[str, list[int]] = {}
    for kind, _colon, ref in (topic.partition(":") for topic in topics):
        if ref.isascii() and ref.isdigit():
            refs.setdefault(kind, []).append(int(ref))
    return refs

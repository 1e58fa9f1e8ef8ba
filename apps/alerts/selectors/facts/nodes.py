"""Nodes that are down or silent, and managers that may still fail."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, F, Q

from apps.alerts.rules.looking import Answer, Reading, Subject, answer
from apps.alerts.selectors.facts.asking import MOST_FOUND, Asked
from apps.nodes.models import Cluster, Condition, Node

GONE_STATES = (Node.State.DOWN, Node.State.DISCONNECTED, Node.State.UNHEALTHY)
CALM_MARGIN = 99.0
SKEW_MATTERS_S = 1.0


def _subject(node: Node) -> Subject:
    return Subject(
        kind="node",
        ref=node.pk,
        label=node.hostname,
        cluster_ref=node.cluster_id,
        node_ref=node.pk,
    )


def blind_clusters() -> frozenset[int]:
    """Clusters of which no manager answers: what is stored of them may be long over."""
    stale = Cluster.objects.filter(stale_since__isnull=False)
    return frozenset(stale.values_list("pk", flat=True)[:MOST_FOUND])


def down(asked: Asked) -> Answer:
    """Nodes that their manager calls down; nothing is known while no manager answers."""
    blind = blind_clusters()
    rows = Node.objects.filter(state__in=GONE_STATES).exclude(cluster_id__in=blind)
    readings = [Reading(_subject(node), 1.0) for node in rows[:MOST_FOUND]]
    return answer(readings, calm=0.0, blind_clusters=blind)


def silent(asked: Asked) -> Answer:
    """Nodes whose engine or agent has not answered for so long, though nobody says that they are down."""
    rows = Node.objects.filter(stale_since__isnull=False, endpoint__failures__gt=0)
    rows = rows.exclude(state__in=GONE_STATES)
    return answer(
        (
            Reading(_subject(node), _age_s(asked, node) if asked.is_steady else None)
            for node in rows[:MOST_FOUND]
        ),
        calm=0.0,
    )


def _age_s(asked: Asked, row: Node | Cluster) -> float:
    since = row.stale_since or asked.now
    return max(0.0, (asked.now - since).total_seconds())


def clock_skew(asked: Asked) -> Answer:
    """Nodes whose clock differs from the portal's, ahead or behind."""
    rows = Node.objects.filter(
        Q(clock_skew_s__gte=SKEW_MATTERS_S) | Q(clock_skew_s__lte=-SKEW_MATTERS_S),
        stale_since=None,
    )
    readings = (
        Reading(_subject(node), abs(node.clock_skew_s or 0.0)) for node in rows[:MOST_FOUND]
    )
    return answer(readings, calm=0.0)


def quorum_margin(asked: Asked) -> Answer:
    """How many more managers may fail, of Swarms in which one has failed already; -1 without a leader."""
    managers = Q(nodes__role=Node.Role.MANAGER)
    reachable = managers & Q(nodes__reachability="reachable")
    swarms = Cluster.objects.filter(kind=Cluster.Kind.SWARM).annotate(
        managers=Count("nodes", filter=managers), reachable=Count("nodes", filter=reachable)
    )
    hurt = swarms.filter(Q(reachable__lt=F("managers")) | Q(condition=Condition.NO_LEADER))
    return answer(_margins(hurt[:MOST_FOUND]), calm=CALM_MARGIN)


def _margins(clusters: object) -> Iterator[Reading]:
    for cluster in clusters:  # type: ignore[attr-defined]  # rows with annotations
        margin = cluster.reachable - (cluster.managers // 2 + 1)
        is_leaderless = cluster.condition == Condition.NO_LEADER
        is_blind = cluster.stale_since is not None and not is_leaderless
        value = -1.0 if is_leaderless else float(margin)
        yield Reading(_cluster_subject(cluster), None if is_blind else value)


def _cluster_subject(cluster: Cluster) -> Subject:
    return Subject(kind="cluster", ref=cluster.pk, label=cluster.name, cluster_ref=cluster.pk)


def cluster_silent(asked: Asked) -> Answer:
    """Clusters of which no manager has answered for so long."""
    rows = Cluster.objects.filter(stale_since__isnull=False)[:MOST_FOUND]
    return answer(
        (
            Reading(_cluster_subject(row), _age_s(asked, row) if asked.is_steady else None)
            for row in rows
        ),
        calm=0.0,
    )

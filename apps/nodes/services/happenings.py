"""Keeps what the polls tell as rows, and tells the browsers that watch the cluster."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from apps.nodes.models import ClusterEvent, Node
from apps.nodes.ports import Happening
from apps.workloads.selectors import task_totals
from dce_portal import live

MOST_NODES_A_FRAME = 200


def record_happenings(
    cluster_id: int,
    happenings: Sequence[Happening],
    *,
    at: datetime,
    node_pks: Mapping[str, int],
    node_pk: int | None = None,
) -> None:
    """Write one row each; `node_pk` is the node where a happening names none."""
    ClusterEvent.objects.bulk_create(
        ClusterEvent(
            cluster_id=cluster_id,
            node_id=node_pks.get(found.node_id, node_pk),
            at=at,
            kind=found.kind,
            severity=found.severity,
            subject_kind=found.subject_kind,
            subject_id=found.subject_id,
            subject_label=found.subject_label,
            detail=dict(found.detail),
        )
        for found in happenings
    )


def publish_state_on_commit(cluster_id: int, node_pks: Collection[int]) -> None:
    """Send the cluster's watchers the nodes that changed and the task counts, once this is committed."""
    transaction.on_commit(partial(publish_state, cluster_id, frozenset(node_pks)))


def publish_state(cluster_id: int, node_pks: Collection[int]) -> None:
    """Send the frame now."""
    live.publish(f"cluster:{cluster_id}", state_frame(cluster_id, node_pks))


def state_frame(cluster_id: int, node_pks: Collection[int]) -> dict[str, Any]:
    """What the dashboard redraws; a fleet-wide change is sent as "read the page again"."""
    columns = (
        "id",
        "hostname",
        "state",
        "availability",
        "role",
        "stale_since",
        "stale_reason",
        "observed_at",
    )
    is_large = len(node_pks) > MOST_NODES_A_FRAME
    nodes = [] if is_large else list(Node.objects.filter(pk__in=node_pks).values(*columns))
    return {
        "type": "state",
        "nodes": nodes,
        "reload": is_large,
        "tasks": task_totals(cluster_id),
    }

"""Live frames of nodes and containers that have agents: only where somebody watches, then every tick.

A thousand nodes' frames would fill Redis for nobody. A browser that begins to watch reads
the page's figures first; one that was away a while finds its frames, since a topic counts
as watched for as long as frames are kept.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from django.db import transaction

from apps.metrics.agent_rows import AgentUsage, NodeRows
from apps.metrics.agent_ticks import container_limits
from apps.metrics.bulk import Stored
from apps.metrics.measures import MEASURES
from apps.metrics.models import MetricObject
from dce_portal import live
from dce_portal.live import Frame
from dce_portal.watched import REMEMBERED_S, watched_topics

# What is older comes with the page, which reads its history anew when it is told of it.
MOST_FRAMES_A_TOPIC = 15
ASKED_EVERY_S = 1.0


class RememberedTopics:
    """The topics that are worth a frame, asked of Redis at most once a second."""

    def __init__(self) -> None:
        """Nothing is asked before it is needed."""
        self._topics: frozenset[str] = frozenset()
        self._asked_at_s = -ASKED_EVERY_S

    def __call__(self) -> frozenset[str]:
        """As they were a moment ago."""
        if time.monotonic() - self._asked_at_s >= ASKED_EVERY_S:
            self._topics = watched_topics(within_s=REMEMBERED_S)
            self._asked_at_s = time.monotonic()
        return self._topics


remembered_topics = RememberedTopics()


def publish_on_commit(nodes: Sequence[NodeRows]) -> None:
    """Send the frames once the rows are there."""
    topics = remembered_topics()
    frames = [frame for node in nodes for frame in _frames_of(node, topics)] if topics else []
    if frames:
        transaction.on_commit(partial(live.publish_many, frames))


def _frames_of(node: NodeRows, topics: frozenset[str]) -> Iterator[Frame]:
    usage = node.usage
    topic = f"node:{usage.node_pk}"
    if topic in topics and node.host_id is not None:
        yield from _frames(node, node.host_id, topic, _node_limits(usage))
    watched = [key for key in node.container_ids if _topic(usage, key) in topics]
    limits = container_limits(usage.snapshot) if watched else {}
    for key in watched:
        own = {
            "cpu_cores": usage.containers[key].cpu_limit_cores,
            "memory_bytes": limits.get(key),
        }
        yield from _frames(node, node.container_ids[key], _topic(usage, key), own)


def _topic(usage: AgentUsage, key: str) -> str:
    return f"container:{usage.containers[key].pk}"


def _node_limits(usage: AgentUsage) -> dict[str, float | None]:
    cpu_count = usage.snapshot.node.cpu_count or None
    return {"cpu_cores": cpu_count, "memory_bytes": float(usage.memory_bytes) or None}


def _frames(
    node: NodeRows, object_id: int, topic: str, limits: Mapping[str, float | None]
) -> Iterator[Frame]:
    rows = [row for row in node.stored if row.object_id == object_id]
    skipped = max(len(rows) - MOST_FRAMES_A_TOPIC, 0)
    for number, row in enumerate(rows[skipped:]):
        told = {"skipped": skipped} if skipped and not number else {}
        yield Frame(topic=topic, data=_data(row, limits) | told)


def _data(row: Stored, limits: Mapping[str, float | None]) -> dict[str, Any]:
    known = zip(MEASURES, row.values, strict=True)
    return {
        "type": "usage",
        "at": row.at_s,
        "values": {name: round(value, 4) for name, value in known if value is not None},
        "source": str(MetricObject.Source.AGENT),
        "limits": dict(limits),
    }

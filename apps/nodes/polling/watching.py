"""Which addresses somebody watches the node of: those are asked each second."""

from __future__ import annotations

from apps.nodes.selectors import endpoints_of_topics
from dce_portal.watched import watched_topics


class Watching:
    """Asks Redis for topics at every tick, and the database only when they are others."""

    def __init__(self) -> None:
        """Nobody watches yet."""
        self._topics: frozenset[str] = frozenset()
        self._endpoints: frozenset[int] = frozenset()

    def endpoints(self) -> frozenset[int]:
        """The watched addresses of agents."""
        topics = frozenset(
            topic for topic in watched_topics() if topic.startswith(("node:", "container:"))
        )
        if topics != self._topics:
            self._topics, self._endpoints = topics, endpoints_of_topics(topics)
        return self._endpoints

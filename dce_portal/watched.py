"""Which topics somebody watches: the stream process says so every few seconds, whoever can tell more reads it.

A set in Redis with a moment for each topic, so that what nobody repeats lapses by itself.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import cast

import redis
import structlog

from dce_portal import live

log = structlog.get_logger(__name__)

KEY = "dce:live:watched"
TOLD_EVERY_S = 5.0
# A topic counts as watched for this long after it was last told: two misses are no end.
WATCHED_S = 12.0
# As long as a browser that was away may ask for what it missed (`live.RING_TTL_S`).
REMEMBERED_S = 15 * 60.0


def watched_topics(*, within_s: float = WATCHED_S) -> frozenset[str]:
    """The topics that somebody watched within so many seconds; none when Redis does not answer."""
    least = time.time() - within_s
    try:
        found = cast("list[bytes]", live.client().zrangebyscore(KEY, least, "+inf"))
    except redis.RedisError as error:
        log.warning("watched_topics_unreadable", error=str(error))
        return frozenset()
    return frozenset(topic.decode() for topic in found)


def as_scores(topics: Collection[str]) -> dict[str, float]:
    """What to add to the set for topics that are watched at this moment."""
    now = time.time()
    return dict.fromkeys(topics, now)

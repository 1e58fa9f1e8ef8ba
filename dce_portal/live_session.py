"""One browser's live line, whatever carries it: what it asked for, what it may see, what it has.

Messages are described in docs/live.md. The transport feeds `subscribe` and sends what
`messages` yields; it does not know what a frame is.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from dce_portal.live_hub import Hub
from dce_portal.live_rights import Holder, People, allowed_soon
from dce_portal.live_topic import dumped
from dce_portal.live_watcher import Watcher

MOST_TOPICS = 64
LONGEST_TOPIC = 80
# Requests that a browser may make at once, and how many more each second.
REQUESTS_AT_ONCE = 20
REQUESTS_A_S = 2.0
# Tabs that one person may have open and in sight, in one process.
MOST_LINES_A_PERSON = 50
TOO_MANY_LINES = 4429


@dataclass(slots=True)
class Allowance:
    """Requests that may still be made, filled up as time goes by."""

    left: float = REQUESTS_AT_ONCE
    at_s: float = field(default_factory=time.monotonic)

    def take(self) -> bool:
        """Whether one more request may be made now."""
        now_s = time.monotonic()
        self.left = min(self.left + (now_s - self.at_s) * REQUESTS_A_S, REQUESTS_AT_ONCE)
        self.at_s = now_s
        if self.left < 1:
            return False
        self.left -= 1
        return True


class LiveSession:
    """A browser session's line; `people` finds who is behind such sessions at this moment."""

    __slots__ = ("_allowance", "_is_greeted", "hub", "key", "people", "watcher")

    def __init__(self, hub: Hub, key: str, people: People, *, owner: object = None) -> None:
        """Join the hub; must be called inside the event loop. `owner` is whose lines are counted."""
        self.hub, self.key, self.people = hub, key, people
        self.watcher: Watcher = hub.join()
        now_s = self.watcher.said_at_s = self.watcher.loop.time()
        self.watcher.holder = Holder(key, people, checked_at_s=now_s, owner=owner)
        self._allowance = Allowance()
        self._is_greeted = False

    def hello(self) -> str:
        """The first message; `messages` begins with it where the transport has not sent it before."""
        self._is_greeted = True
        return dumped({"type": "hello", "heartbeat_s": self.hub.rounds.heartbeat_s})

    @property
    def sent(self) -> Mapping[str, int]:
        """The last number sent of each topic."""
        return self.watcher.sent

    @property
    def closing(self) -> int | None:
        """The code to close with, once the line has ended."""
        return self.watcher.closing

    def when_stuck(self, end: Callable[[], object]) -> None:
        """How to end what hangs in sending to a browser that takes nothing."""
        self.watcher.stuck = end

    async def subscribe(
        self, topics: Sequence[str], since: Mapping[str, int]
    ) -> AsyncIterator[str]:
        """Answer for each topic: refused, what was missed, or where it stands."""
        if not self._allowance.take():
            yield error_message("too_many_requests")
            return
        may = (await allowed_soon(self.people, {self.key: topics}))[self.key] or frozenset()
        for topic in topics:
            if len(self.watcher.topics) >= MOST_TOPICS and topic not in self.watcher.topics:
                yield error_message("too_many_topics", topic=topic)
            elif topic not in may:
                yield dumped({"type": "refused", "topic": topic})
            else:
                yield await self._begin(topic, since.get(topic))

    async def _begin(self, name: str, since: int | None) -> str:
        # Listening first, looking second: a frame in between is in both, and is sent once.
        topic = await self.hub.watch(self.watcher, name)
        replay = None if since is None else await self.hub.replay(topic, since)
        if replay is not None:
            text, seq = replay
        else:
            text, seq = topic.snapshot(gap=since is not None and since != topic.seq), topic.seq
        if name in self.watcher.topics:
            self.watcher.sent[name] = seq
        self.watcher.wake()
        return text

    async def messages(self) -> AsyncIterator[str]:
        """Everything that happens, until the line is to end."""
        watcher = self.watcher
        if not self._is_greeted:
            yield self.hello()
        if late := self.hub.rounds.late_message():
            watcher.notes.append(late)
        while watcher.closing is None:
            message = watcher.due()
            if message is None:
                await watcher.news()
                continue
            yield message
            watcher.sending_since_s = None

    def unsubscribe(self, topic: str) -> None:
        """Send no more of this topic."""
        self.hub.unwatch(self.watcher, topic)

    async def close(self) -> None:
        """Leave the hub."""
        await self.hub.leave(self.watcher)


def has_too_many_lines(hub: Hub, owner: object) -> bool:
    """Whether this person has as many lines as anybody may."""
    holders = (watcher.holder for watcher in hub.watchers)
    lines = sum(1 for holder in holders if holder is not None and holder.owner == owner)
    return lines >= MOST_LINES_A_PERSON


def read_topics(value: object) -> list[str]:
    """The topics of a request; ValueError when it has none that could be."""
    if not isinstance(value, list) or not value or len(value) > MOST_TOPICS:
        raise ValueError("topics")
    if not all(isinstance(topic, str) and 0 < len(topic) <= LONGEST_TOPIC for topic in value):
        raise ValueError("topics")
    return list(dict.fromkeys(value))


def read_since(value: object) -> dict[str, int]:
    """The last numbers that the browser has; what is no number is left out."""
    pairs = value.items() if isinstance(value, dict) else ()
    return {
        topic: seq for topic, seq in pairs if isinstance(seq, int) and not isinstance(seq, bool)
    }


def error_message(code: str, **more: object) -> str:
    """Something that the browser sent cannot be used."""
    return dumped({"type": "error", "code": code, **more})

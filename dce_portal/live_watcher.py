"""One browser in a stream process: the last number sent of each topic, and at most one frame a second.

No queue: what it is owed is looked up when it may be sent something. No timers of its own but
for a frame that came too early; the hub's round finds who has waited long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from dce_portal.live_rights import Holder
from dce_portal.live_topic import Topic, dumped

PACE_S = 1.0
# A frame that comes early after a late one is not held back; over time there is still one a second.
SLACK_S = 0.5


@dataclass(slots=True, eq=False)
class Watcher:
    """What one browser watches, and when it was last told something."""

    loop: asyncio.AbstractEventLoop
    holder: Holder | None = None
    # Ends whatever hangs in sending to a browser that takes nothing.
    stuck: Callable[[], object] | None = None
    topics: dict[str, Topic] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    closing: int | None = None
    messages: int = 0
    conflated: int = 0
    said_at_s: float = 0.0
    sending_since_s: float | None = None
    free_at_s: float = 0.0
    pace_s: float = PACE_S
    _waiting: asyncio.Future[None] | None = None
    _timer: asyncio.TimerHandle | None = None

    def wake(self) -> None:
        """There may be something to send; while it is too early, the timer says so again."""
        if self._timer is None and self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def news(self) -> None:
        """Wait until somebody wakes it."""
        self._waiting = self.loop.create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None

    def say(self, message: str) -> None:
        """Something that is not a frame of a topic, sent with the next ones."""
        self.notes.append(message)
        self.wake()

    def end(self, code: int, *, is_stuck: bool = False) -> None:
        """Close the line after what is being sent; one that is stuck is broken."""
        self.closing = code
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.wake()
        if is_stuck and self.stuck is not None:
            self.stuck()

    def due(self) -> str | None:
        """All that is owed, as one message; None where there is nothing, or it is too early."""
        now_s = self.loop.time()
        if now_s < self.free_at_s:
            if self._timer is None and (self.notes or self._is_behind()):
                self._timer = self.loop.call_at(self.free_at_s, self._timed)
            return None
        text, count = self._gathered()
        if not count:
            return None
        self.free_at_s = max(self.free_at_s, now_s - SLACK_S) + self.pace_s
        self.said_at_s = self.sending_since_s = now_s
        self.messages += 1
        return text if count == 1 else f'{{"type":"batch","messages":[{text}]}}'

    def _timed(self) -> None:
        self._timer = None
        self.wake()

    def _is_behind(self) -> bool:
        return any(self.topics[name].seq != sent for name, sent in self.sent.items())

    def _gathered(self) -> tuple[str, int]:
        parts, count = self.notes, len(self.notes)
        self.notes = []
        for name, sent in self.sent.items():
            topic = self.topics[name]
            if topic.seq != sent:
                owed = topic.owed(sent)
                self.sent[name] = topic.seq
                self.conflated += owed.skipped
                count += owed.messages
                parts.append(owed.text)
        return (parts[0] if len(parts) == 1 else ",".join(parts)), count

    def numbers(self) -> str:
        """A heartbeat: where each topic stands, as far as this browser was told."""
        return dumped({"type": "heartbeat", "seq": self.sent})

    def close(self) -> None:
        """Nothing is to wake it any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

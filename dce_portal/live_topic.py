"""One watched topic in a stream process: each frame is written once, whoever many get it.

A topic knows the frame that its watchers hold, the last deltas as text, and who watches. A
watcher knows only the number that it was sent last; what it is owed is the same text for all
who stand at that number.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from dce_portal.live_wire import chained, is_stepped, replaces, step_of

if TYPE_CHECKING:
    from dce_portal.live_watcher import Watcher

# Who is further behind gets the latest frame in place of a queue.
MOST_DELTAS = 16
LARGEST_DELTAS = 64 * 1024
LARGEST_REPLAY = 512 * 1024


@dataclass(frozen=True, slots=True)
class Delta:
    """One frame as it is sent; `before` is the number of the one that a page must hold."""

    before: int
    seq: int
    text: str
    stands_alone: bool


@dataclass(frozen=True, slots=True)
class Owed:
    """Messages to send, with comma between, and how many frames they leave out."""

    text: str
    messages: int = 1
    skipped: int = 0


@dataclass(slots=True, eq=False)
class Topic:
    """The newest frame of each kind, and the last deltas."""

    name: str
    seq: int = 0
    watchers: set[Watcher] = field(default_factory=set)
    # Who was sent less than this number lost frames that nobody has.
    whole_from: int = 0
    _held: dict[str, Any] | None = None
    _held_seq: int = 0
    _latest: Mapping[str, Any] | None = None
    _deltas: deque[Delta] = field(default_factory=deque)
    _size: int = 0
    _owed: dict[int, Owed] = field(default_factory=dict)

    def take(self, raw: bytes) -> bool:
        """A frame as Redis has it; False where it is known already."""
        frame = orjson.loads(raw)
        if frame["seq"] <= self.seq:
            return False
        before, self.seq = self.seq, frame["seq"]
        if before and self.seq != before + 1:
            self.whole_from = self.seq
            self._deltas.clear()
            self._size = 0
        self._latest = frame
        self._owed.clear()
        text = self._text(frame, raw)
        # Who began to watch before there was any frame was sent number 0.
        self._keep(Delta(self.seq - 1 if before else 0, self.seq, text, replaces(frame["data"])))
        return True

    def _text(self, frame: Mapping[str, Any], raw: bytes) -> str:
        whole = '{"type":"delta",' + raw[1:].decode()
        if not is_stepped(frame["data"]):
            return whole
        step = None if self._held is None else step_of(self._held, frame["data"])
        self._held, self._held_seq = frame["data"], frame["seq"]
        if step is None:
            return whole
        numbers = {name: frame[name] for name in ("topic", "seq", "sent")}
        text = dumped({"type": "delta", **numbers, "step": step.fields()})
        if len(text) >= len(whole):
            return whole
        self._held = step.held
        return text

    def _keep(self, delta: Delta) -> None:
        self._deltas.append(delta)
        self._size += len(delta.text)
        while len(self._deltas) > MOST_DELTAS or (
            self._size > LARGEST_DELTAS and len(self._deltas) > 1
        ):
            self._size -= len(self._deltas.popleft().text)

    def owed(self, sent: int) -> Owed:
        """What brings a watcher that was sent this number up to date."""
        if sent not in self._owed:
            self._owed[sent] = self._owed_since(sent)
        return self._owed[sent]

    def _owed_since(self, sent: int) -> Owed:
        deltas = [delta for delta in self._deltas if delta.seq > sent]
        if not deltas or deltas[0].before != sent:
            is_lost = sent < self.whole_from
            skipped = 0 if is_lost or not sent else max(self.seq - sent - 1, 0)
            return Owed(self.snapshot(gap=is_lost and sent > 0, skipped=skipped), skipped=skipped)
        # Only the last of frames that each are the whole thing.
        last = deltas[-1]
        needed = [delta for delta in deltas if delta is last or not delta.stands_alone]
        text = ",".join(delta.text for delta in needed)
        return Owed(text, messages=len(needed), skipped=len(deltas) - len(needed))

    def snapshot(self, *, gap: bool = False, skipped: int = 0) -> str:
        """Where the topic stands: the frame that later steps go from, and the latest if it is another."""
        frames: list[Mapping[str, Any]] = []
        if self._held is not None:
            frames.append({"seq": self._held_seq, "data": self._held})
        if self._latest is not None and self._latest["seq"] != self._held_seq:
            frames.append({"seq": self._latest["seq"], "data": self._latest["data"]})
        more = {"skipped": skipped} if skipped else {}
        return dumped(
            {"type": "snapshot", "topic": self.name, "seq": self.seq, "frames": frames, "gap": gap}
            | more
        )


def replay_of(topic: str, raws: Sequence[bytes], *, since: int) -> tuple[str, int] | None:
    """Every frame after that number, and the last one's; None where one of them is gone or they are too much."""
    frames = [orjson.loads(raw) for raw in raws]
    numbers = [frame["seq"] for frame in frames]
    if numbers != list(range(since + 1, since + 1 + len(numbers))):
        return None
    seq = numbers[-1] if numbers else since
    text = dumped({"type": "replay", "topic": topic, "seq": seq, "frames": list(chained(frames))})
    return (text, seq) if len(text) <= LARGEST_REPLAY else None


def dumped(message: Mapping[str, Any]) -> str:
    """A message as text."""
    return orjson.dumps(message).decode()

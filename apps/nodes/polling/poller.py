"""Keeps the targets of the shards that this process holds, and starts those that are due; lives in one event loop."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import structlog

from apps.nodes.polling.asking import Asker
from apps.nodes.polling.figures import PollFigures
from apps.nodes.polling.schedule import AGENT_PAUSES_S, Choose, Schedule
from apps.nodes.selectors import PollTarget

log = structlog.get_logger(__name__)

Key = tuple[str, int]
# A whole fleet's first handshakes at once would take longer than each of them may.
FIRST_QUESTIONS_A_S = 100
# Nor are more connections opened at once than a busy machine opens in time.
MOST_OPENING = 64


@dataclass(slots=True)
class Track:
    """A target with its connections and its times."""

    target: PollTarget
    shard: int
    asker: Asker
    schedule: Schedule
    running: asyncio.Task[None] | None = field(default=None)
    has_answered: bool = False
    """Whether the last question was answered, so that the next needs no new connection."""

    @property
    def is_agent(self) -> bool:
        """Whether it is asked in the one request of an agent."""
        return self.target.kind == "agent"


class Poller:
    """Never waits for a slow target, never asks one twice at once."""

    def __init__(
        self,
        open_asker: Callable[[PollTarget], Asker],
        *,
        room: Callable[[], int] = lambda: MOST_OPENING,
        clock: Callable[[], float] = time.monotonic,
        choose: Choose = random.uniform,
    ) -> None:
        """Take the way to open connections, and how many more agents' answers can be taken in.

        Clock and chance are given by tests.
        """
        self._open_asker = open_asker
        self._room = room
        self._clock = clock
        self._choose = choose
        self.figures = PollFigures()
        self._tracks: dict[Key, Track] = {}
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def targets(self) -> list[PollTarget]:
        """What is asked at present."""
        return [track.target for track in self._tracks.values()]

    def sync(self, shard: int, targets: Sequence[PollTarget]) -> None:
        """Take on what is new of a shard and drop what is gone or has other addresses now."""
        wanted = {(target.kind, target.pk): target for target in targets}
        for key, track in list(self._tracks.items()):
            if track.shard == shard and wanted.get(key) != track.target:
                self._drop(key)
        new = {key: target for key, target in wanted.items() if key not in self._tracks}
        spread_s = len(new) / FIRST_QUESTIONS_A_S if len(new) > FIRST_QUESTIONS_A_S else 0.0
        for key, target in new.items():
            schedule = self._schedule_of(target)
            schedule.due_at_s = self._clock() + self._choose(0.0, spread_s) if spread_s else 0.0
            self._tracks[key] = Track(target, shard, self._open_asker(target), schedule)

    def forget(self, shard: int) -> None:
        """Drop a shard that another worker holds."""
        self.sync(shard, ())

    def start_due(self, shard: int) -> int:
        """Ask every target of the shard whose time has come; returns how many."""
        due = self._due(shard)
        for track in due:
            track.schedule.started()
            track.running = asyncio.create_task(self._ask(track))
        return len(due)

    def _due(self, shard: int) -> list[Track]:
        """The oldest first; while the database is behind, agents wait for their next tick."""
        now_s = self._clock()
        tracks = [one for one in self._tracks.values() if one.shard == shard]
        due = sorted(
            (one for one in tracks if one.schedule.is_due(now_s)),
            key=lambda one: one.schedule.due_at_s,
        )
        agents = [one for one in due if one.is_agent]
        return [one for one in due if not one.is_agent] + self._admitted(agents)

    def _admitted(self, due: Sequence[Track]) -> list[Track]:
        """Agents as far as there is room; those that need a new connection a few at a time."""
        opening = [one for one in due if not one.has_answered][: self._openings_left()]
        going_on = [one for one in due if one.has_answered]
        return [*going_on, *opening][: max(self._room(), 0)]

    def _openings_left(self) -> int:
        open_now = sum(
            one.is_agent and one.schedule.is_in_flight and not one.has_answered
            for one in self._tracks.values()
        )
        return max(MOST_OPENING - open_now, 0)

    def hurry(self, endpoint_pk: int) -> None:
        """Make one engine due at the next tick, if it is asked here at all."""
        for kind in ("engine", "agent"):
            track = self._tracks.get((kind, endpoint_pk))
            if track is not None:
                track.schedule.due_at_s = 0.0

    def watch(self, endpoint_pks: Collection[int]) -> None:
        """Ask these agents each second, and all others as usual."""
        now_s = self._clock()
        for (kind, pk), track in self._tracks.items():
            is_watched = kind == "agent" and pk in endpoint_pks
            if is_watched != track.schedule.is_watched:
                track.schedule.watch(now_s, is_watched=is_watched)

    async def stop(self) -> None:
        """Drop everything and wait until the connections are closed."""
        for key in list(self._tracks):
            self._drop(key)
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def _ask(self, track: Track) -> None:
        began_s = self._clock()
        with_images = track.schedule.wants_images(began_s)
        has_answered = False
        try:
            has_answered = await track.asker.ask(
                with_images=with_images, is_watched=track.schedule.is_watched
            )
        except Exception:
            log.exception("poll_failed", kind=track.target.kind, pk=track.target.pk)
        now_s = self._clock()
        track.has_answered = has_answered
        kind, took_s = track.target.kind, now_s - began_s
        self.figures.note(track.shard, kind, took_s=took_s, has_answered=has_answered)
        if not has_answered:
            track.schedule.failed(now_s)
            return
        track.schedule.answered(now_s)
        if with_images:
            track.schedule.images_seen(now_s)

    def _schedule_of(self, target: PollTarget) -> Schedule:
        if target.kind == "agent":
            return Schedule(choose=self._choose, pauses_s=AGENT_PAUSES_S)
        return Schedule(choose=self._choose)

    def _drop(self, key: Key) -> None:
        closing = asyncio.create_task(self._close(self._tracks.pop(key)))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def _close(self, track: Track) -> None:
        if track.running is not None:
            track.running.cancel()
            await asyncio.gather(track.running, return_exceptions=True)
        await track.asker.close()

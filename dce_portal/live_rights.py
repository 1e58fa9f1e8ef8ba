"""Who may go on watching: asked of the database when somebody subscribes, and each minute again.

Many browsers are asked about at once: one question for their sessions, one for each person,
and none twice for the same person and topic.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from channels.db import database_sync_to_async
from django.contrib.auth.models import AbstractBaseUser
from django.db import Error as DatabaseFailed

from dce_portal import live
from dce_portal.live_topic import dumped

if TYPE_CHECKING:
    from dce_portal.live_hub import Hub
    from dce_portal.live_watcher import Watcher

log = structlog.get_logger(__name__)

# The signed-in people of these browser sessions, by the session's key.
People = Callable[[Collection[str]], Mapping[str, AbstractBaseUser]]

NOT_SIGNED_IN = 4401
RECHECK_S = 60.0
# With a database that does not answer, nobody goes on for longer than this on old rights.
UNCHECKED_S = 300.0
MOST_AT_ONCE = 200
LOOKED_EVERY_S = 1.0


@dataclass(slots=True)
class Holder:
    """The browser session behind a line, and when its rights were asked last."""

    key: str
    people: People
    checked_at_s: float
    owner: object = None
    recheck_s: float = RECHECK_S


def allowed(
    people: People, wishes: Mapping[str, Collection[str]]
) -> dict[str, frozenset[str] | None]:
    """For each browser session the topics that its person may watch; None where nobody is signed in."""
    found = people(list(wishes))
    known: dict[tuple[object, str], bool] = {}

    def may_watch(person: AbstractBaseUser, topic: str) -> bool:
        asked = (person.pk, topic)
        if asked not in known:
            known[asked] = live.may_watch(person, topic)
        return known[asked]

    return {
        key: frozenset(topic for topic in topics if may_watch(found[key], topic))
        if key in found
        else None
        for key, topics in wishes.items()
    }


async def allowed_soon(
    people: People, wishes: Mapping[str, Collection[str]]
) -> dict[str, frozenset[str] | None]:
    """The same from the event loop."""
    answer: dict[str, frozenset[str] | None] = await database_sync_to_async(allowed)(people, wishes)
    return answer


class Reviews:
    """Asks again, for those whose minute is over."""

    def __init__(self, hub: Hub) -> None:
        """Nobody is asked about before the hub has a watcher."""
        self.hub = hub
        self.looked_every_s = LOOKED_EVERY_S

    async def look(self) -> None:
        """Round after round."""
        while True:
            await asyncio.sleep(self.looked_every_s)
            now_s = asyncio.get_running_loop().time()
            due = [one for one in self.hub.watchers if _is_due(one, now_s)][:MOST_AT_ONCE]
            try:
                await self._ask(due, now_s)
            except DatabaseFailed as error:
                log.warning("live_rights_unknown", lines=len(due), error=str(error))
                self._end_unchecked(due, now_s)

    async def _ask(self, watchers: Iterable[Watcher], now_s: float) -> None:
        by_people: dict[People, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for watcher in watchers:
            if watcher.holder is not None:
                by_people[watcher.holder.people][watcher.holder.key].update(watcher.topics)
        answers = {
            people: await allowed_soon(people, wishes) for people, wishes in by_people.items()
        }
        for watcher in watchers:
            if watcher.holder is not None:
                watcher.holder.checked_at_s = now_s
                self._apply(watcher, answers[watcher.holder.people].get(watcher.holder.key))

    def _apply(self, watcher: Watcher, may: frozenset[str] | None) -> None:
        if may is None:
            watcher.end(NOT_SIGNED_IN)
            return
        for topic in set(watcher.topics) - may:
            self.hub.unwatch(watcher, topic)
            watcher.say(dumped({"type": "refused", "topic": topic}))

    def _end_unchecked(self, watchers: Iterable[Watcher], now_s: float) -> None:
        for watcher in watchers:
            if watcher.holder is not None and now_s - watcher.holder.checked_at_s > UNCHECKED_S:
                watcher.end(NOT_SIGNED_IN)


def _is_due(watcher: Watcher, now_s: float) -> bool:
    holder = watcher.holder
    return holder is not None and now_s - holder.checked_at_s >= holder.recheck_s

"""Notes when and from where secrets were used, without a database write in the request.

Each process notes a secret once a minute, in a Redis hash; `store_uses` brings the notes to the
rows together. Without Redis a note is lost, and nothing else.
"""

from __future__ import annotations

import time
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, cast

import orjson
import redis
import structlog
from django.apps import apps
from django.utils import timezone

from dce_portal import live

log = structlog.get_logger(__name__)

HASH_KEY = "dce:accounts:uses"
EVERY = timedelta(minutes=1)
MOST_REMEMBERED = 10_000
BATCH = 500

_noted: dict[str, float] = {}


def note_use(label: str, pk: int, *, last_used_at: datetime | None, address: str | None) -> None:
    """Note a use of the row `label` (app.Model) and `pk`, unless that was done within the minute."""
    now = timezone.now()
    if last_used_at is not None and now - last_used_at < EVERY:
        return
    name = f"{label}:{pk}"
    if time.monotonic() < _noted.get(name, 0.0):
        return
    if len(_noted) >= MOST_REMEMBERED:
        _noted.clear()
    _noted[name] = time.monotonic() + EVERY.total_seconds()
    _keep(name, {"at": now.isoformat(), "address": (address or "")[:64]})


def _keep(name: str, use: dict[str, str]) -> None:
    try:
        live.client().hset(HASH_KEY, name, orjson.dumps(use).decode())
    except redis.RedisError as error:
        log.debug("use_not_noted", error=str(error))


def take_uses() -> dict[str, dict[str, str]]:
    """Remove and return all notes; none when Redis does not answer."""
    try:
        with live.client().pipeline(transaction=True) as pipe:
            pipe.hgetall(HASH_KEY)
            pipe.delete(HASH_KEY)
            raw, _deleted = pipe.execute()
    except redis.RedisError as error:
        log.debug("uses_unreadable", error=str(error))
        return {}
    found = cast("dict[bytes, bytes]", raw)
    return {name.decode(): orjson.loads(use) for name, use in found.items()}


def store_uses() -> int:
    """Bring the notes to their rows; returns how many were noted."""
    uses = take_uses()
    by_model: dict[str, dict[int, dict[str, str]]] = defaultdict(dict)
    for name, use in uses.items():
        label, _colon, pk = name.rpartition(":")
        by_model[label][int(pk)] = use
    for label, rows in by_model.items():
        _store(apps.get_model(label), rows)
    return len(uses)


def _store(model: Any, uses: dict[int, dict[str, str]]) -> None:  # noqa: ANN401 - any model of secrets
    numbers = sorted(uses)
    for start in range(0, len(numbers), BATCH):
        rows = list(model.objects.filter(pk__in=numbers[start : start + BATCH]))
        for row in rows:
            use = uses[row.pk]
            row.last_used_at = datetime.fromisoformat(use["at"])
            row.last_used_address = use["address"]
        model.objects.bulk_update(rows, ["last_used_at", "last_used_address"])

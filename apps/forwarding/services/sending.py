"""Sends to each receiver what it has not got, in order, until it has everything or time is up.

The entries are rows, and so is how far a receiver has got: one that is away gets everything when it
comes back, as long as the audit keeps it. A batch that was taken and whose number could not be
stored is sent once more; entries have numbers, by which a receiver knows them again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db.models import F, Q
from django.utils import timezone

from apps.accounts.models import AuditEvent
from apps.accounts.selectors import audit_after, audit_record
from apps.forwarding import backends
from apps.forwarding.models import Forward
from apps.forwarding.ports import SinkPort
from apps.forwarding.rules.pauses import pause_s

log = structlog.get_logger(__name__)

BATCH = 200
RUN_S = 20.0
# Longer than the task may last, so that no second worker sends the same beside it.
LEASE = timedelta(seconds=360)
# Transactions may end in another order than they took their numbers: what is younger waits.
SETTLE = timedelta(seconds=3)
LONGEST_PROBLEM = 300

SinkOf = Callable[[Forward], SinkPort]


def send_to_all(*, sink_of: SinkOf = backends.sink_of) -> int:
    """Send to every receiver whose time has come; returns how many entries were taken."""
    due = list(_due(timezone.now()).values_list("pk", flat=True))
    return sum(_tried(pk, sink_of) for pk in due)


def _tried(pk: int, sink_of: SinkOf) -> int:
    """One that breaks keeps no other from its turn."""
    try:
        return send_to(pk, sink_of=sink_of)
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        log.exception("audit_receiver_broke", receiver=pk)
        return 0


def send_to(pk: int, *, sink_of: SinkOf = backends.sink_of, settle: timedelta = SETTLE) -> int:
    """Send to one receiver; only one process at a time does."""
    now = timezone.now()
    if not _due(now).filter(pk=pk).update(busy_until=now + LEASE):
        return 0
    forward = Forward.objects.get(pk=pk)
    try:
        return _run(forward, sink_of(forward), settle=settle)
    except Exception as error:
        _note_failure(forward, type(error).__name__)
        raise
    finally:
        _row(forward).update(busy_until=None)


def _due(now: datetime) -> Any:  # noqa: ANN401 - a query set
    is_time = Q(next_try_at=None) | Q(next_try_at__lte=now)
    is_free = Q(busy_until=None) | Q(busy_until__lte=now)
    return Forward.objects.filter(is_time, is_free, is_active=True)


def _run(forward: Forward, sink: SinkPort, *, settle: timedelta) -> int:
    until_s, taken = time.monotonic() + RUN_S, 0
    while time.monotonic() < until_s and (batch := _next(forward.sent_to, settle)):
        if problem := sink.send([audit_record(event) for event in batch]):
            _note_failure(forward, problem)
            break
        _note_taken(forward, batch)
        taken += len(batch)
    return taken


def _next(number: int, settle: timedelta) -> list[AuditEvent]:
    latest = timezone.now() - settle
    found = []
    for event in audit_after(number, most=BATCH):
        if event.at > latest:
            break
        found.append(event)
    return found


def _note_taken(forward: Forward, batch: Sequence[AuditEvent]) -> None:
    now = timezone.now()
    forward.sent_to, forward.failures = batch[-1].pk, 0
    _row(forward).update(
        state=Forward.State.SENDING,
        problem="",
        failures=0,
        next_try_at=None,
        last_ok_at=now,
        sent_to=forward.sent_to,
        entries_sent=F("entries_sent") + len(batch),
        busy_until=now + LEASE,
    )


def _note_failure(forward: Forward, problem: str) -> None:
    """Nothing is lost: the number stays, and the same entries are sent later."""
    failures = forward.failures + 1
    wait_s = pause_s(failures)
    log.warning("audit_waits", receiver=forward.name, problem=problem, retry_in_s=wait_s)
    _row(forward).update(
        state=Forward.State.BEHIND,
        problem=" ".join(problem.split())[:LONGEST_PROBLEM],
        failures=failures,
        next_try_at=timezone.now() + timedelta(seconds=wait_s),
    )


def _row(forward: Forward) -> Any:  # noqa: ANN401 - a query set
    return Forward.objects.filter(pk=forward.pk)

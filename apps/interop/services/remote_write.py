"""Writes what is new to the remote-write targets, from each stream's cursor, until all is there or time is up.

The cursors are rows: a target that is away gets everything when it comes back, as long as
raw samples are kept. A part that was taken and whose cursor could not be stored is sent once
more; receivers know a sample that they have.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.interop import backends
from apps.interop.models import RemoteWrite, RemoteWriteCursor
from apps.interop.ports import WriteAnswer, WriterPort
from apps.interop.rules.answers import Verdict, pause_s, seconds_of, verdict_of
from apps.interop.rules.remote_write import write_request
from apps.interop.selectors.streams import Part, next_part, streams_behind

log = structlog.get_logger(__name__)

State = RemoteWrite.State
MOST_SAMPLES = 5000
RUN_S = 8.0
# Longer than the task may last, so that no second worker writes the same beside it.
LEASE = timedelta(seconds=360)
FORGET_CURSORS = timedelta(days=9)
LONGEST_TEXT = 300

WriterOf = Callable[[RemoteWrite], WriterPort]


def write_all(*, writer_of: WriterOf = backends.writer_of) -> int:
    """Write to every target whose time has come; returns how many samples were taken."""
    due = _due(timezone.now()).values_list("pk", flat=True)
    return sum(_tried(pk, writer_of) for pk in list(due))


def _tried(pk: int, writer_of: WriterOf) -> int:
    """One that breaks keeps no other from its turn."""
    try:
        return write_to(pk, writer_of=writer_of)
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        log.exception("remote_write_broke", target=pk)
        return 0


def _due(now: datetime) -> Any:  # noqa: ANN401 - a query set
    is_time = Q(next_try_at=None) | Q(next_try_at__lte=now)
    is_free = Q(busy_until=None) | Q(busy_until__lte=now)
    return RemoteWrite.objects.filter(is_time, is_free, is_active=True)


def write_to(pk: int, *, writer_of: WriterOf = backends.writer_of, run_s: float = RUN_S) -> int:
    """Write to one target until it has everything, refuses, or time is up; only one process at a time does."""
    now = timezone.now()
    if not _due(now).filter(pk=pk).update(busy_until=now + LEASE):
        return 0
    target = RemoteWrite.objects.get(pk=pk)
    try:
        with closing(writer_of(target)) as writer:
            run = _Run(target, writer, until_s=time.monotonic() + run_s)
            run.go()
    except Exception as error:
        _note_failure(target, WriteAnswer(0, type(error).__name__), Verdict.LATER)
        raise
    finally:
        RemoteWrite.objects.filter(pk=pk).update(busy_until=None, written_to=_written_to(target))
    return run.taken


def _written_to(target: RemoteWrite) -> datetime:
    """Where the stream stands that is furthest behind."""
    behind = streams_behind(target)
    return datetime.fromtimestamp(behind[0].at_s, tz=UTC) if behind else timezone.now()


@dataclass(slots=True)
class _Run:
    target: RemoteWrite
    writer: WriterPort
    until_s: float
    taken: int = 0
    is_over: bool = field(default=False)

    def go(self) -> None:
        """Round after round: each stream that is behind gets on by one part."""
        while not self.is_over:
            is_new = False
            for parts in _requests(self._parts()):
                is_new = True
                self._send(parts)
                if self.has_ended():
                    return
            if not is_new:
                self._drop_old_cursors()
                return

    def has_ended(self) -> bool:
        """Whether sending was the last thing that this run could do."""
        return self.is_over

    def _parts(self) -> Iterator[Part]:
        for behind in streams_behind(self.target):
            if time.monotonic() >= self.until_s:
                self.is_over = True
                return
            part = next_part(behind, portal=self.target.portal_label)
            if part is not None:
                yield part

    def _send(self, parts: Sequence[Part]) -> None:
        message = write_request(one for part in parts for one in part.series)
        answer = self.writer.send(message)
        verdict = verdict_of(answer.status)
        if verdict is Verdict.REFUSED and len(parts) > 1:
            # One stream's samples must not take those of others with them.
            for part in parts:
                self._send([part])
                if self.is_over:
                    return
        elif verdict in {Verdict.TAKEN, Verdict.REFUSED}:
            self._move_on(parts, answer, verdict)
        else:
            self.is_over = True
            _note_failure(self.target, answer, verdict)

    def _move_on(self, parts: Sequence[Part], answer: WriteAnswer, verdict: Verdict) -> None:
        count = sum(part.count for part in parts)
        cursors = [
            RemoteWriteCursor(target=self.target, stream=part.stream, at_s=part.at_s)
            for part in parts
        ]
        with transaction.atomic():
            RemoteWriteCursor.objects.bulk_create(
                cursors,
                update_conflicts=True,
                unique_fields=("target", "stream"),
                update_fields=("at_s",),
            )
            if verdict is Verdict.TAKEN:
                _note_taken(self.target, count)
                self.taken += count
            else:
                _note_refused(self.target, count, answer)

    def _drop_old_cursors(self) -> None:
        before_s = int((timezone.now() - FORGET_CURSORS).timestamp())
        self.target.cursors.filter(at_s__lt=before_s).delete()


def _requests(parts: Iterator[Part]) -> Iterator[list[Part]]:
    """Parts together, up to so many samples a request."""
    waiting: list[Part] = []
    for part in parts:
        if waiting and sum(one.count for one in waiting) + part.count > MOST_SAMPLES:
            yield waiting
            waiting = []
        waiting.append(part)
    if waiting:
        yield waiting


def _note_taken(target: RemoteWrite, count: int) -> None:
    now = timezone.now()
    _row(target).update(
        state=State.WRITING,
        problem="",
        failures=0,
        next_try_at=None,
        last_ok_at=now,
        samples_sent=F("samples_sent") + count,
        busy_until=now + LEASE,
    )
    target.failures = 0


def _note_refused(target: RemoteWrite, count: int, answer: WriteAnswer) -> None:
    """The receiver lives, and has said that it will never take these."""
    now = timezone.now()
    log.warning("samples_refused", target=target.name, count=count, status=answer.status)
    _row(target).update(
        state=State.WRITING,
        failures=0,
        next_try_at=None,
        samples_refused=F("samples_refused") + count,
        refused_at=now,
        refusal=_said(answer),
        busy_until=now + LEASE,
    )
    target.failures = 0


def _note_failure(target: RemoteWrite, answer: WriteAnswer, verdict: Verdict) -> None:
    """Nothing is lost: the cursors stay, and the same samples are sent later."""
    now = timezone.now()
    failures = target.failures + 1
    asked_s = seconds_of(answer.retry_after, now_s=now.timestamp())
    wait_s = pause_s(failures, retry_after_s=asked_s)
    log.warning("samples_wait", target=target.name, status=answer.status, retry_in_s=wait_s)
    _row(target).update(
        state=State.HELD if verdict is Verdict.HELD else State.BEHIND,
        problem=_said(answer),
        failures=failures,
        next_try_at=now + timedelta(seconds=wait_s),
    )
    target.failures = failures


def _said(answer: WriteAnswer) -> str:
    said = " ".join(answer.said.split())[:LONGEST_TEXT].replace("\0", "")
    if not answer.status:
        return _("There was no answer (%(error)s).") % {"error": said}
    return _("It answered %(status)d: %(said)s") % {"status": answer.status, "said": said or "—"}


def _row(target: RemoteWrite) -> Any:  # noqa: ANN401 - a query set
    return RemoteWrite.objects.filter(pk=target.pk)

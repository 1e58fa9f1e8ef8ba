"""Takes in the registry's notifications as they come, and applies them to the catalogue afterwards.

A delivery is stored first and answered at once, since the registry sends one after the other
and repeats what was not answered well. Events are applied in their order; applying one twice
changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from django.db import OperationalError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.registry import selectors
from apps.registry.backends import PORTAL_SUBJECT
from apps.registry.models import Manifest, RegistryEvent, Repository, Tag
from apps.registry.notifications import Notice, fingerprint, read_events, read_notice
from apps.registry.ports import USER_AGENT, RegistryPort
from apps.registry.services import catalogue, contents
from apps.registry.services.catalogue import Push
from apps.webhooks.services import raise_event
from dce_portal.errors import NotFound, Unavailable

log = structlog.get_logger(__name__)

BATCH = 200
KEPT = timedelta(days=30)
PROBLEM_ACTION = "unreadable"
LONGEST_KEPT_TEXT = 4000
LONGEST_PROBLEM = 500


@dataclass(frozen=True, slots=True)
class Pulls:
    """How many, and when the last one was."""

    count: int = 0
    last: datetime | None = None

    def plus(self, at: datetime) -> Pulls:
        """One more."""
        return Pulls(self.count + 1, max(at, self.last or at))


def take_delivery(body: bytes) -> int:
    """Store what the registry sent, each event once; returns how many rows were offered."""
    events, problem = read_events(body)
    rows = [row for event in events if (row := _row_of(event)) is not None]
    if problem:
        rows.append(_row_of_problem(body, problem))
    RegistryEvent.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _row_of(event: dict[str, Any]) -> RegistryEvent | None:
    notice = read_notice(event)
    if _is_own(notice):
        return None
    return RegistryEvent(
        event_id=notice.event_id,
        happened_at=notice.happened_at,
        action=notice.action,
        repository_name=notice.repository,
        actor_name=notice.actor,
        body=event,
    )


def _is_own(notice: Notice) -> bool:
    """The portal's own reads of manifests tell it nothing."""
    return notice.actor == PORTAL_SUBJECT and notice.user_agent == USER_AGENT


def _row_of_problem(body: bytes, problem: str) -> RegistryEvent:
    text = body.decode(errors="replace").replace("\x00", "")[:LONGEST_KEPT_TEXT]
    return RegistryEvent(
        event_id=fingerprint(body),
        action=PROBLEM_ACTION,
        body={"text": text},
        problem=problem,
        applied_at=timezone.now(),
    )


def apply_waiting(port: RegistryPort) -> int:
    """Apply the events that wait; those that need the registry in order, until it does not answer.

    Pulls and what changes nothing, most of all events, are applied together at the end: they
    depend on no order among themselves, and need the pushes before them.
    """
    events = list(selectors.waiting_events()[:BATCH])
    simple = [event for event in events if _is_simple(read_notice(event.body))]
    keys = {event.pk for event in simple}
    ordered = [event for event in events if event.pk not in keys]
    applied = _apply_in_order(ordered, port)
    # Where the registry went away, what came after that event waits with it.
    held = [event.pk for event in ordered[applied:]]
    simple = [event for event in simple if not held or event.pk < held[0]]
    try:
        return applied + _apply_together(simple)
    except OperationalError:
        raise
    except Exception:
        log.exception("registry_events_broken")
        return applied + _apply_in_order(simple, port)


def _apply_in_order(events: Iterable[RegistryEvent], port: RegistryPort) -> int:
    """One after the other; a broken one holds back no other, a registry that is down holds back all."""
    applied = 0
    for event in events:
        try:
            _apply_once(event, port)
        except Unavailable as error:
            _postpone(event, error)
            if not error.permanent:
                return applied
        except OperationalError:
            # The database, not the event: it waits as it is.
            raise
        except Exception as error:
            log.exception("registry_event_broken", event_id=event.event_id)
            _postpone(event, Unavailable(f"{type(error).__name__}: {error}"[:LONGEST_PROBLEM]))
        applied += 1
    return applied


def _is_simple(notice: Notice) -> bool:
    """Counted alone, or without meaning for the catalogue."""
    return notice.action in {"push", "pull", "mount"} and not _is_manifest_push(notice)


@transaction.atomic
def _apply_together(events: Sequence[RegistryEvent]) -> int:
    """Count the pulls of a whole batch; an event that another worker applied is left out."""
    rows = RegistryEvent.objects.filter(pk__in=[event.pk for event in events], applied_at=None)
    mine = set(rows.select_for_update().values_list("pk", flat=True))
    pulls: dict[tuple[str, str, date], Pulls] = {}
    for event in events:
        notice = read_notice(event.body)
        if event.pk in mine and notice.is_counted_pull:
            at = _moment(event, notice)
            key = (notice.repository, notice.digest, at.date())
            pulls[key] = pulls.get(key, Pulls()).plus(at)
    for (repository, digest, _day), counted in pulls.items():
        _apply_pulls(repository, digest=digest, pulls=counted)
    RegistryEvent.objects.filter(pk__in=mine).update(applied_at=timezone.now(), problem="")
    return len(events)


def _postpone(event: RegistryEvent, error: Unavailable) -> None:
    """Try again later, a bounded number of times; what cannot be read is left to the reconcile."""
    log.warning("registry_event_postponed", event_id=event.event_id, reason=error.message)
    attempts = selectors.MOST_ATTEMPTS if error.permanent else F("attempts") + 1
    RegistryEvent.objects.filter(pk=event.pk).update(attempts=attempts, problem=error.message)


def _apply_once(event: RegistryEvent, port: RegistryPort) -> None:
    """Apply one event and mark it so, together or not at all."""
    notice = read_notice(event.body)
    at = _moment(event, notice)
    try:
        reading = _reading_for(notice, port)
        with transaction.atomic():
            if _mark_applied(event):
                _apply(notice, at, reading)
    except NotFound as error:
        _mark_applied(event, problem=error.message)


def _moment(event: RegistryEvent, notice: Notice) -> datetime:
    """When it happened, never in the future: clocks differ."""
    return min(notice.happened_at or event.received_at, timezone.now())


def _mark_applied(event: RegistryEvent, *, problem: str = "") -> bool:
    """False when another worker was first."""
    waiting = RegistryEvent.objects.filter(pk=event.pk, applied_at__isnull=True)
    return bool(waiting.update(applied_at=timezone.now(), problem=problem))


def _reading_for(notice: Notice, port: RegistryPort) -> catalogue.Reading | None:
    """What the registry says of a pushed manifest; asked for before the transaction begins."""
    if not _is_manifest_push(notice):
        return None
    catalogue.require_namespace(notice.repository)
    return catalogue.read_unknown(port, repository=notice.repository, digest=notice.digest)


def _is_manifest_push(notice: Notice) -> bool:
    return notice.action == "push" and notice.is_manifest and bool(notice.digest)


def _apply(notice: Notice, at: datetime, reading: catalogue.Reading | None) -> None:
    """Pushes and mounts of single layers change nothing that the catalogue shows."""
    if _is_manifest_push(notice):
        _apply_push(notice, at, reading)
    elif notice.is_counted_pull:
        _apply_pulls(notice.repository, digest=notice.digest, pulls=Pulls().plus(at))
    elif notice.action == "delete":
        _apply_delete(notice, at)
    elif notice.action not in {"push", "pull", "mount"}:
        raise NotFound(_("The portal knows no action %(name)s.") % {"name": notice.action})


def _apply_push(notice: Notice, at: datetime, reading: catalogue.Reading | None) -> None:
    push = Push(at=at, by=notice.actor)
    repository = catalogue.ensure_repository(notice.repository, at=at)
    manifest = catalogue.store_manifest(
        repository, digest=notice.digest, reading=reading, push=push
    )
    if notice.tag:
        catalogue.point_tag(manifest, name=notice.tag, push=push)
    catalogue.note_push(repository, at=at)
    _tell("push", notice, at, size_bytes=manifest.size_bytes, media_type=manifest.media_type)


def _apply_pulls(name: str, *, digest: str, pulls: Pulls) -> None:
    repository = Repository.objects.filter(name=name).only("last_pulled_at").first()
    if repository is None or pulls.last is None:
        return
    last = max(pulls.last, repository.last_pulled_at or pulls.last)
    counted = Repository.objects.filter(pk=repository.pk)
    counted.update(pull_count=F("pull_count") + pulls.count, last_pulled_at=last)
    earlier = Q(last_pulled_at=None) | Q(last_pulled_at__lt=pulls.last)
    manifests = Manifest.objects.filter(repository=repository, digest=digest)
    manifests.filter(earlier).update(last_pulled_at=pulls.last)
    contents.note_pulls(repository, digest=digest, day=pulls.last.date(), count=pulls.count)


def _apply_delete(notice: Notice, at: datetime) -> None:
    """A deletion that is older than the last push of the same thing came too late."""
    here = {"repository__name": notice.repository, "pushed_at__lte": at}
    if notice.tag:
        Tag.objects.filter(name=notice.tag, **here).delete()
    elif notice.digest:
        Manifest.objects.filter(digest=notice.digest, **here).delete()
    _tell("delete", notice, at)


def _tell(kind: str, notice: Notice, at: datetime, **more: Any) -> None:  # noqa: ANN401 - plain JSON
    facts = {"tag": notice.tag, "digest": notice.digest, "by": notice.actor, "at": at.isoformat()}
    raise_event(kind, {**facts, **more}, repository=notice.repository)


def drop_old_events() -> int:
    """Remove events that were taken in long ago; returns how many."""
    old = RegistryEvent.objects.filter(received_at__lt=timezone.now() - KEPT)
    return old.delete()[0]

"""Hears of pushes, and starts what is due."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from apps.replication.models import ReplicationRule
from apps.replication.rules.choosing import is_wanted
from apps.replication.rules.schedule import is_due
from apps.replication.services import pushed, running
from apps.webhooks.services import event_raised
from dce_portal.errors import PortalError
from dce_portal.origin import PORTAL

log = structlog.get_logger(__name__)


def connect() -> None:
    """Listen; connecting twice does no harm."""
    event_raised.connect(note_push, dispatch_uid="apps.replication.note_push")


def note_push(
    sender: object, kind: str, repository: str, payload: Mapping[str, Any], **_more: object
) -> None:
    """Keep a pushed tag for each rule that carries it, in the transaction of the event."""
    tag = payload.get("tag")
    if kind != "push" or not tag:
        return
    rules = ReplicationRule.objects.filter(is_active=True, on_push=True, direction="push")
    wanting = [
        rule
        for rule in rules
        if is_wanted(rule.repositories, repository) and is_wanted(rule.tags, str(tag))
    ]
    pushed.note(wanting, repository, str(tag))


def start_due() -> int:
    """Start what waits or is due, one run at a time; returns how many."""
    if running.is_busy():
        return 0
    for rule in ReplicationRule.objects.filter(is_active=True).order_by("last_started_at", "pk"):
        try:
            if _start_if_due(rule):
                return 1
        except PortalError as error:
            log.warning("replication_not_started", rule=rule.name, reason=error.message)
    return 0


def _start_if_due(rule: ReplicationRule) -> bool:
    now = timezone.now()
    due = is_due(
        now,
        since=rule.last_whole_at or rule.created_at,
        has_run=rule.last_whole_at is not None,
        every_minutes=rule.every_minutes,
        cron=rule.cron,
    )
    if due:
        running.start_rule(rule, origin=PORTAL)
        return True
    return _start_pushed(rule)


@transaction.atomic
def _start_pushed(rule: ReplicationRule) -> bool:
    waiting = pushed.take(rule)
    if waiting:
        running.start_rule(rule, origin=PORTAL, only=waiting)
    return bool(waiting)

"""Keeps pushed tags until they were carried: a run that fails, or whose worker dies, loses none."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone

from apps.replication.models import PushedTag, ReplicationRule
from apps.replication.rules.pauses import pause_s

MOST_AT_ONCE: Final = 500
Name = tuple[str, str]


def note(rules: Iterable[ReplicationRule], repository: str, tag: str) -> None:
    """A wish for each rule; one that waits already is wanted at once, as what it points at is new."""
    rows = [PushedTag(rule=rule, repository=repository, tag=tag) for rule in rules]
    PushedTag.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=("rule", "repository", "tag"),
        update_fields=("attempts", "next_at"),
    )


def take(rule: ReplicationRule) -> list[list[str]]:
    """Repository and tag of what is to be carried now; comes again after a pause if nobody settles it."""
    now = timezone.now()
    due = rule.waiting.filter(Q(next_at=None) | Q(next_at__lte=now))
    rows = list(due.order_by("attempts", "pk")[:MOST_AT_ONCE])
    for row in rows:
        row.attempts += 1
        row.next_at = now + timedelta(seconds=pause_s(row.attempts))
    PushedTag.objects.bulk_update(rows, ("attempts", "next_at"), batch_size=100)
    return [[row.repository, row.tag] for row in rows]


def settle(
    rule: ReplicationRule, only: Collection[Name] | None, *, still_open: Collection[Name]
) -> None:
    """Forget what a run has carried or found gone; what was pushed meanwhile has no `next_at`, and stays."""
    tried = rule.waiting.filter(next_at__isnull=False)
    names = tried.values_list("pk", "repository", "tag")
    done = [
        pk
        for pk, *name in names
        if (only is None or tuple(name) in only) and tuple(name) not in still_open
    ]
    for begin in range(0, len(done), MOST_AT_ONCE):
        tried.filter(pk__in=done[begin : begin + MOST_AT_ONCE]).delete()

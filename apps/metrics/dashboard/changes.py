"""What changed lately, from three records: the cluster's events, pushes and operations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.nodes.models import Cluster
from apps.nodes.selectors import events_visible_to
from apps.registry.selectors import tags_visible_to
from dce_portal.models import Operation, OperationState

SHOWN = 12

SEVERITY_TONES = {"info": "off", "warning": "late", "error": "bad"}
OPERATION_TONES = {
    OperationState.SUCCEEDED: "good",
    OperationState.FAILED: "bad",
    OperationState.CANCELLED: "off",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the list: when, what, and how it ended."""

    at: datetime
    icon: str
    subject: str
    text: str
    tone: str
    link: str = ""


def latest_changes(
    user: User, *, cluster: Cluster | None, operations: QuerySet[Operation]
) -> list[Change]:
    """The newest of all three records, as far as the person may see them: one query each."""
    found = [*_events(user, cluster), *_pushes(user), *_operations(operations)]
    return sorted(found, key=lambda change: change.at, reverse=True)[:SHOWN]


ICONS = {"node": "dns", "service": "apps", "task": "task_alt", "container": "deployed_code"}


def _events(user: User, cluster: Cluster | None) -> Iterator[Change]:
    if cluster is None:
        return
    events = events_visible_to(user).filter(cluster=cluster).order_by("-at", "-pk")
    for event in events[:SHOWN]:
        yield Change(
            at=event.at,
            icon=ICONS.get(event.subject_kind, "lan"),
            subject=event.subject_label,
            text=event.words,
            tone=SEVERITY_TONES.get(event.severity, "off"),
        )


def _pushes(user: User) -> Iterator[Change]:
    tags = tags_visible_to(user).select_related("repository").order_by("-pushed_at", "-pk")
    for tag in tags[:SHOWN]:
        by = _("pushed by %(name)s") % {"name": tag.pushed_by} if tag.pushed_by else _("pushed")
        link = _link("admin:registry_tag_change", tag.pk)
        yield Change(tag.pushed_at, "sell", str(tag), by, "good", link)


def _operations(operations: QuerySet[Operation]) -> Iterator[Change]:
    for operation in operations.order_by("-created_at")[:SHOWN]:
        yield Change(
            at=operation.finished_at or operation.created_at,
            icon="play_circle",
            subject=operation.title,
            text=str(OperationState(operation.state).label),
            tone=OPERATION_TONES.get(OperationState(operation.state), "busy"),
            link=_link("admin:portal_operation_change", operation.pk),
        )


def _link(view: str, key: object) -> str:
    """The page's address; nothing where no page shows such rows."""
    try:
        return reverse(view, args=[key])
    except NoReverseMatch:
        return ""

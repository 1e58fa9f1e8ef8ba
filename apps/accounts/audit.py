"""Writes the audit trail: one entry for each thing that somebody did, or was refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from apps.accounts.models import AuditEvent
from dce_portal.operations import Target
from dce_portal.origin import Origin
from dce_portal.storable import storable, storable_text


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that somebody did, or was refused."""

    action: str
    origin: Origin
    target: Target | None = None
    result: str = AuditEvent.Result.ALLOWED
    detail: Mapping[str, Any] | None = None


def record_audit(
    action: str,
    *,
    origin: Origin,
    target: Target | None = None,
    result: str = AuditEvent.Result.ALLOWED,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add an entry in the caller's transaction; texts are cut to what the table holds."""
    _row(AuditEntry(action, origin, target, result, detail)).save(force_insert=True)


def record_audits(entries: Iterable[AuditEntry]) -> None:
    """Add several in one statement."""
    AuditEvent.objects.bulk_create([_row(entry) for entry in entries], batch_size=200)


def _row(entry: AuditEntry) -> AuditEvent:
    about = entry.target or Target("", "", "")
    texts = {
        "actor_label": entry.origin.actor_label,
        "credential": entry.origin.credential,
        "address": entry.origin.address or "",
        "action": entry.action,
        "target_kind": about.kind,
        "target_id": about.id,
        "target_label": about.label,
    }
    return AuditEvent(
        actor=cast("Any", entry.origin.actor),
        result=entry.result,
        detail=storable(dict(entry.detail or {})),
        **{name: _fitting(name, text) for name, text in texts.items()},
    )


def _fitting(field: str, text: str) -> str:
    """PostgreSQL refuses longer texts; they come from outside, in user names."""
    longest = getattr(AuditEvent._meta.get_field(field), "max_length", None)
    return storable_text(text)[:longest]

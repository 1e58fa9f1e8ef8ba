"""Writes the audit trail: one entry for each thing that somebody did, or was refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from apps.accounts.models import AuditEvent
from dce_portal.operations import Target
from dce_portal.origin import Origin
from dce_portal.storable import storable, storable_text


def record_audit(
    action: str,
    *,
    origin: Origin,
    target: Target | None = None,
    result: str = AuditEvent.Result.ALLOWED,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add an entry in the caller's transaction; texts are cut to what the table holds."""
    about = target or Target("", "", "")
    texts = {
        "actor_label": origin.actor_label,
        "credential": origin.credential,
        "address": origin.address or "",
        "action": action,
        "target_kind": about.kind,
        "target_id": about.id,
        "target_label": about.label,
    }
    AuditEvent.objects.create(
        actor=cast("Any", origin.actor),
        result=result,
        detail=storable(dict(detail or {})),
        **{name: _fitting(name, text) for name, text in texts.items()},
    )


def _fitting(field: str, text: str) -> str:
    """PostgreSQL refuses longer texts; they come from outside, in user names."""
    longest = getattr(AuditEvent._meta.get_field(field), "max_length", None)
    return storable_text(text)[:longest]

"""A wish about a Swarm as its API takes it: the whole specification, and what to rotate; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.nodes.ports.swarm import SwarmChange


def changed_swarm(spec: Mapping[str, Any], *, change: SwarmChange) -> dict[str, Any]:
    """The Swarm's specification with the change in it; what this code does not know stays as it is."""
    changed = dict(spec)
    if change.autolock is not None:
        lock = spec.get("EncryptionConfig") or {}
        changed["EncryptionConfig"] = {**lock, "AutoLockManagers": change.autolock}
    if change.rotate_root:
        changed["CAConfig"] = _next_root(spec.get("CAConfig") or {})
    return changed


def _next_root(authority: Mapping[str, Any]) -> dict[str, Any]:
    """A counter that grew makes the managers a new root; a certificate of one's own would be kept otherwise."""
    kept = {
        name: value
        for name, value in authority.items()
        if name not in {"SigningCACert", "SigningCAKey"}
    }
    return {**kept, "ForceRotate": int(authority.get("ForceRotate") or 0) + 1}


def rotations(change: SwarmChange) -> dict[str, str]:
    """The query that asks for new secrets."""
    wanted = {
        "rotateWorkerToken": change.rotate_worker_token,
        "rotateManagerToken": change.rotate_manager_token,
        "rotateManagerUnlockKey": change.rotate_unlock_key,
    }
    return {name: "true" for name, is_wanted in wanted.items() if is_wanted}

"""Writes scan policies, and tells nginx which namespaces' pulls are to be looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.services import record_audit
from apps.scanning.models import ScanPolicy
from apps.scanning.selectors import limits_of
from dce_portal.errors import InvalidInput
from dce_portal.front_marks import mark
from dce_portal.operations import Target
from dce_portal.origin import Origin

FIELDS = ("scan_on_push", "block_from", "only_fixable", "block_unscanned", "excepted")


def save_policy(policy: ScanPolicy, values: Mapping[str, Any], *, origin: Origin) -> ScanPolicy:
    """Write a policy."""
    verb = "add" if policy.pk is None else "change"
    for name in (*FIELDS, "namespace"):
        if name in values:
            setattr(policy, name, values[name])
    if policy.block_from not in {"", *(choice for choice, _word in ScanPolicy.BLOCK)}:
        raise InvalidInput(_("Choose one of the severities."), field="block_from")
    with transaction.atomic():
        policy.save()
        detail = {name: getattr(policy, name) for name in FIELDS}
        _record(f"scanpolicy.{verb}", policy, origin, detail)
        transaction.on_commit(mark_all)
    return policy


def delete_policy(policy: ScanPolicy, *, origin: Origin) -> None:
    """Take a policy out; what was found stays."""
    with transaction.atomic():
        _record("scanpolicy.delete", policy, origin, {})
        policy.delete()
        transaction.on_commit(mark_all)


def mark_all() -> None:
    """Mark the namespaces whose pulls are to be looked at, and no others."""
    policies = ScanPolicy.objects.select_related("namespace")
    names = {one.namespace.name for one in policies if limits_of(one).blocks_anything}
    mark(settings.PATHS.pull_guards, names)


def _record(action: str, policy: ScanPolicy, origin: Origin, detail: Mapping[str, Any]) -> None:
    target = Target("scanpolicy", str(policy.pk), policy.namespace.name)
    record_audit(action, origin=origin, target=target, detail=detail)

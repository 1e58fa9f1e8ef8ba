"""What people do to rules and quotas: make, change, delete; each leaves an audit entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.services import record_audit
from apps.policies.models import ImageRule, Quota, RetentionRule, TagRule
from apps.policies.rules.patterns import is_usable, split
from apps.policies.selectors.visible import may_edit
from apps.policies.services.quotas import recount
from apps.registry.models import Namespace
from dce_portal.errors import Conflict, InvalidInput, PermissionDenied
from dce_portal.operations import Target
from dce_portal.origin import Origin

Policy = TagRule | ImageRule | Quota | RetentionRule
PATTERN_FIELDS = ("repositories", "tags")
KEEPING = ("keep_last", "younger_than_days", "pulled_within_days", "untagged_days")


def problems_of(row: Policy) -> dict[str, str]:
    """A sentence for each field that cannot be meant so."""
    found = {
        field: _(
            "Give patterns of letters, digits and . _ - / * ?, at most 20 with commas between."
        )
        for field in PATTERN_FIELDS
        if hasattr(row, field)
        and not (split(getattr(row, field)) and is_usable(getattr(row, field)))
    }
    return {**found, **_problems_of_kind(row)}


def _problems_of_kind(row: Policy) -> dict[str, str]:
    if isinstance(row, ImageRule):
        return _image_problems(row)
    if isinstance(row, RetentionRule):
        return _retention_problems(row)
    if isinstance(row, Quota) and row.most_bytes is None and row.most_tags is None:
        return {"most_bytes": _("Set a limit for bytes or for tags, or delete the quota.")}
    return {}


def _image_problems(row: ImageRule) -> dict[str, str]:
    if row.platforms and not all(one.count("/") in (1, 2) for one in split(row.platforms)):
        return {"platforms": _("Write platforms as linux/amd64, with commas between.")}
    if not split(row.platforms) and row.most_bytes is None:
        return {"platforms": _("Name platforms or a largest size; without either it does nothing.")}
    return {}


def _retention_problems(row: RetentionRule) -> dict[str, str]:
    if row.keep_matching and not is_usable(row.keep_matching):
        return {"keep_matching": _("Give patterns of letters, digits and . _ - / * ?.")}
    if not row.keep_matching and all(getattr(row, name) is None for name in KEEPING):
        return {
            "keep_last": _(
                "Say what is kept: a number of tags (0 keeps none), an age, pulls or a pattern."
            )
        }
    return {}


def save_policy(row: Policy, values: Mapping[str, Any], *, origin: Origin) -> Policy:
    """Write a rule or a quota; PermissionDenied for a namespace that is not the person's."""
    is_new = row.pk is None
    if not is_new:
        _check_right(row, row.namespace, origin)
    for name, value in values.items():
        setattr(row, name, value)
    _check_right(row, row.namespace, origin)
    for field, sentence in problems_of(row).items():
        raise InvalidInput(sentence, field=field)
    try:
        with transaction.atomic():
            row.save()
            _record(row, "add" if is_new else "change", origin)
    except IntegrityError as error:
        message = _("This namespace has a quota already; change that one.")
        raise Conflict(message, field="namespace") from error
    if isinstance(row, Quota):
        recount(row, is_forced=True)
        row.refresh_from_db()
    return row


def delete_policy(row: Policy, *, origin: Origin) -> None:
    """What it held back is allowed from now on."""
    _check_right(row, row.namespace, origin)
    with transaction.atomic():
        _record(row, "delete", origin)
        row.delete()


def _check_right(row: Policy, namespace: Namespace | None, origin: Origin) -> None:
    actor: Any = origin.actor
    if actor is not None and not may_edit(actor, type(row), namespace):
        raise PermissionDenied(
            _("You may not set this here; only an administrator, or for rules an owner, may.")
        )


def _record(row: Policy, verb: str, origin: Origin) -> None:
    kind = str(row._meta.model_name)
    skipped = ("id", "namespace", "created_at", "counted_at", "counted_as")
    detail = {
        field.name: getattr(row, field.name)
        for field in row._meta.fields
        if field.name not in skipped
    }
    target = Target(kind, str(row.pk), str(row)[:250])
    detail["namespace"] = row.namespace.name if row.namespace else ""
    record_audit(f"{kind}.{verb}", origin=origin, target=target, detail=detail)

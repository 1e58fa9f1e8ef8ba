"""What the rest of the portal does, written to the audit trail; and the ready-made groups after `migrate`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_migrate
from django.dispatch import receiver
from django.http import HttpRequest

from apps.accounts.audit import record_audit
from apps.accounts.groups import make_groups
from apps.accounts.models import AuditEvent, User
from apps.accounts.security import marks
from apps.accounts.security.policy import SIGNED_IN, has_second_factor
from dce_portal.admin_site import row_edited
from dce_portal.models import Operation, OperationState
from dce_portal.operations import Target, operation_finished, operation_requested
from dce_portal.origin import Origin, client_address

RESULTS = {OperationState.FAILED.value: AuditEvent.Result.FAILED}


@receiver(operation_requested)
def audit_request(operation: Operation, **_unused: object) -> None:
    """Note what somebody asked for."""
    record_audit(
        operation.kind,
        origin=_origin_of(operation),
        target=_target_of(operation),
        detail={"operation": str(operation.pk), "asked": operation.parameters},
    )


@receiver(operation_finished)
def audit_result(operation: Operation, **_unused: object) -> None:
    """Note how it ended."""
    detail = {"operation": str(operation.pk), "state": operation.state, "error": operation.error}
    record_audit(
        f"{operation.kind}.finished",
        origin=_origin_of(operation),
        target=_target_of(operation),
        result=RESULTS.get(operation.state, AuditEvent.Result.ALLOWED),
        detail=detail,
    )


@receiver(row_edited)
def audit_edit(
    action: str, origin: Origin, target: Target, detail: Mapping[str, Any], **_unused: object
) -> None:
    """Note what somebody edited in the admin: names of fields, never values."""
    record_audit(action, origin=origin, target=target, detail=detail)


@receiver(user_logged_in)
def audit_sign_in(request: HttpRequest, user: AbstractBaseUser, **_unused: object) -> None:
    """Note who came and how; the refused ones are noted where the password is checked."""
    if SIGNED_IN not in request.session and not has_second_factor(cast("User", user)):
        marks.mark(request.session, first="", second="")
    detail = {"by": marks.how(request.session)}
    record_audit("sign_in", origin=_browser(request, user), target=_person(user), detail=detail)


@receiver(user_logged_out)
def audit_sign_out(request: HttpRequest, user: AbstractBaseUser | None, **_unused: object) -> None:
    """Note who left."""
    if user is not None:
        record_audit("sign_out", origin=_browser(request, user), target=_person(user))


@receiver(post_migrate)
def make_ready_groups(sender: object, using: str, **_unused: object) -> None:
    """Make viewer, operator and administrator on a new database."""
    if getattr(sender, "label", "") == "accounts":
        make_groups(using=using)


def _browser(request: HttpRequest, user: AbstractBaseUser) -> Origin:
    return Origin(actor=user, address=client_address(request), credential="session")


def _person(user: AbstractBaseUser) -> Target:
    return Target("user", str(user.pk), user.get_username())


def _origin_of(operation: Operation) -> Origin:
    actor = operation.actor if isinstance(operation.actor, User) else None
    return Origin(actor=actor, address=operation.address, credential=operation.credential)


def _target_of(operation: Operation) -> Target:
    return Target(operation.target_kind, operation.target_id, operation.target_label)

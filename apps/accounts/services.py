"""What acts in this app, and what other apps may call: tokens, sign-in checks, the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import tokens
from apps.accounts.audit import record_audit
from apps.accounts.credentials import (
    Credential,
    token_digest,
    verify_bearer,
    verify_credential,
    verify_password,
)
from apps.accounts.lockout import LockedOut
from apps.accounts.models import PersonalToken, User
from apps.accounts.scopes import SCOPES
from apps.accounts.security.policy import may_act_for
from dce_portal.errors import Conflict, InvalidInput
from dce_portal.operations import Target
from dce_portal.origin import Origin

__all__ = [
    "Credential",
    "IssuedToken",
    "LockedOut",
    "issue_personal_token",
    "may_act_for",
    "record_audit",
    "revoke_personal_token",
    "verify_bearer",
    "verify_credential",
    "verify_password",
]


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token and its whole text, which is shown once and kept nowhere."""

    token: PersonalToken
    secret: str = field(repr=False)


def issue_personal_token(
    *,
    owner: User,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None,
    origin: Origin,
) -> IssuedToken:
    """Make a token with at most these scopes of its owner's rights, and audit it."""
    _check_wishes(scopes, expires_at=expires_at)
    made = tokens.generate()
    with transaction.atomic():
        token = PersonalToken.objects.create(
            owner=owner,
            name=name,
            key=made.key,
            digest=token_digest(made.whole),
            scopes=[scope for scope in SCOPES if scope in scopes],
            expires_at=expires_at,
        )
        record_audit("token.issue", origin=origin, target=_target(token), detail=_facts(token))
    return IssuedToken(token=token, secret=made.whole)


def revoke_personal_token(token: PersonalToken, *, origin: Origin) -> None:
    """End a token at once; it stays in the list, so that people see that it was."""
    with transaction.atomic():
        alive = PersonalToken.objects.filter(pk=token.pk, revoked_at__isnull=True)
        if not alive.update(revoked_at=timezone.now()):
            raise Conflict(_("This token was revoked already; nothing was changed."))
        record_audit("token.revoke", origin=origin, target=_target(token))
    token.refresh_from_db(fields=["revoked_at"])


def _check_wishes(scopes: Sequence[str], *, expires_at: datetime | None) -> None:
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        message = _("Choose at least one of these scopes: %(scopes)s.") % {
            "scopes": ", ".join(SCOPES)
        }
        raise InvalidInput(message, field="scopes")
    if expires_at is not None and expires_at <= timezone.now():
        raise InvalidInput(_("Choose a day to come for the expiry."), field="expires_at")


def _target(token: PersonalToken) -> Target:
    return Target("personaltoken", str(token.pk), str(token))


def _facts(token: PersonalToken) -> dict[str, object]:
    expires = token.expires_at.isoformat() if token.expires_at else None
    return {"owner": token.owner.username, "scopes": token.scopes, "expires_at": expires}

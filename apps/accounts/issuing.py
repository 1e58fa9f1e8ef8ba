"""Makes, rotates and ends personal tokens, and checks what is wished for an issued secret of any kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import networks as places
from apps.accounts import tokens
from apps.accounts.audit import record_audit
from apps.accounts.issued_models import IssuedSecret
from apps.accounts.models import PersonalToken, User
from apps.accounts.proving import token_digest
from apps.accounts.scopes import MOST_SCOPES, SCOPES, is_scope, ordered
from dce_portal.errors import Conflict, InvalidInput
from dce_portal.operations import Target
from dce_portal.origin import Origin

MOST_OVERLAP_HOURS = 24 * 14


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
    networks: Sequence[str] = (),
) -> IssuedToken:
    """Make a token with at most these scopes of its owner's rights, and audit it."""
    _check_scopes(scopes)
    check_expiry(expires_at)
    made = tokens.generate()
    with transaction.atomic():
        token = PersonalToken.objects.create(
            owner=owner,
            name=name,
            key=made.key,
            digest=token_digest(made.whole),
            scopes=ordered(scopes),
            networks=checked_networks(networks),
            expires_at=expires_at,
        )
        record_audit("token.issue", origin=origin, target=_target(token), detail=_facts(token))
    return IssuedToken(token=token, secret=made.whole)


def rotate_personal_token(
    token: PersonalToken,
    *,
    overlap_hours: int,
    origin: Origin,
    expires_at: datetime | None = None,
) -> IssuedToken:
    """Give a token another secret; the old one goes on for so many hours. None leaves the expiry as it is."""
    with transaction.atomic():
        row = PersonalToken.objects.select_for_update().get(pk=token.pk)
        secret = rotate_secret(
            row, overlap_hours=overlap_hours, expires_at=expires_at, prefix=tokens.PREFIX
        )
        detail = {**_facts(row), "overlap_hours": overlap_hours}
        record_audit("token.rotate", origin=origin, target=_target(row), detail=detail)
    row.owner = token.owner
    return IssuedToken(token=row, secret=secret)


def revoke_personal_token(token: PersonalToken, *, origin: Origin) -> None:
    """End a token at once, with the secret before it; it stays in the list, so that people see that it was."""
    with transaction.atomic():
        alive = PersonalToken.objects.filter(pk=token.pk, revoked_at__isnull=True)
        if not alive.update(revoked_at=timezone.now()):
            raise Conflict(_("This token was revoked already; nothing was changed."))
        record_audit("token.revoke", origin=origin, target=_target(token))
    token.refresh_from_db(fields=["revoked_at"])


def rotate_secret(
    row: IssuedSecret, *, overlap_hours: int, expires_at: datetime | None, prefix: str
) -> str:
    """Write another secret to a locked row; returns its whole text."""
    if not row.is_usable:
        raise Conflict(_("It has ended, so it cannot be rotated; make a new one."))
    if not 0 <= overlap_hours <= MOST_OVERLAP_HOURS:
        message = _("Choose from 0 to %(most)d hours.") % {"most": MOST_OVERLAP_HOURS}
        raise InvalidInput(message, field="overlap_hours")
    check_expiry(expires_at)
    now, made = timezone.now(), tokens.generate(prefix=prefix, key=row.key)
    row.previous_digest = row.digest if overlap_hours else ""
    row.previous_until = now + timedelta(hours=overlap_hours) if overlap_hours else None
    row.digest, row.rotated_at = token_digest(made.whole), now
    row.expires_at = expires_at or row.expires_at
    row.save(
        update_fields=["digest", "previous_digest", "previous_until", "rotated_at", "expires_at"]
    )
    return made.whole


def checked_networks(networks: Sequence[str]) -> list[str]:
    """The networks as they are kept; InvalidInput for one that is none."""
    if len(networks) > places.MOST_NETWORKS:
        message = _("Give at most %(most)d networks.") % {"most": places.MOST_NETWORKS}
        raise InvalidInput(message, field="networks")
    try:
        return places.normalised(networks)
    except ValueError as error:
        message = _("%(text)s is no address and no network such as 192.0.2.0/24 or 2001:db8::/32.")
        raise InvalidInput(message % {"text": str(error)[:60]}, field="networks") from error


def check_expiry(expires_at: datetime | None) -> None:
    """Refuse a day that is over."""
    if expires_at is not None and expires_at <= timezone.now():
        raise InvalidInput(_("Choose a day to come for the expiry."), field="expires_at")


def _check_scopes(scopes: Sequence[str]) -> None:
    if not scopes or not all(is_scope(scope) for scope in scopes):
        message = _(
            "Choose at least one of these scopes: %(scopes)s; one of the registry may end in"
            " :namespace or :namespace/repository, one of the API in an area such as :registry."
        )
        raise InvalidInput(message % {"scopes": ", ".join(SCOPES)}, field="scopes")
    if len(set(scopes)) > MOST_SCOPES:
        message = _("Choose at most %(most)d scopes.") % {"most": MOST_SCOPES}
        raise InvalidInput(message, field="scopes")


def _target(token: PersonalToken) -> Target:
    return Target("personaltoken", str(token.pk), str(token))


def _facts(token: PersonalToken) -> dict[str, object]:
    expires = token.expires_at.isoformat() if token.expires_at else None
    return {
        "owner": token.owner.username,
        "scopes": token.scopes,
        "networks": token.networks,
        "expires_at": expires,
    }

"""The OpenID identity that a person of the portal has linked to their account: one more way in, of their own making.

Nobody is linked by name or mail: whoever is signed in here and has just shown so comes back from the
provider with an identity that nobody else has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from allauth.socialaccount.models import SocialAccount
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.audit import record_audit
from apps.accounts.models import AuditEvent, BrowserSession, Passkey, User
from apps.accounts.security import browsers
from dce_portal.errors import Conflict
from dce_portal.operations import Target
from dce_portal.origin import Origin

PROVIDER: Final = "openid"


def number_of(claims: Mapping[str, Any]) -> str:
    """Issuer and number: a number alone says nothing at another provider."""
    return hashlib.sha256(f"{claims['iss'].rstrip('/')}\0{claims['sub']}".encode()).hexdigest()


def identity_of(person: User) -> SocialAccount | None:
    """The identity that leads to this person; none where there is none."""
    return SocialAccount.objects.filter(provider=PROVIDER, user=person).first()


def refuse_unlinkable(person: User) -> None:
    """Raise Conflict with the reason why this person cannot link one."""
    if person.source != User.Source.PORTAL:
        raise Conflict(_("Somebody else vouches for you already; nothing can be linked."))
    if person.is_superuser:
        raise Conflict(
            _(
                "Superusers are let in by the portal alone, whoever rules the provider; nothing can be linked."
            )
        )
    if identity_of(person) is not None:
        raise Conflict(_("An identity is linked already; unlink that one first."))


def link(person: User, claims: Mapping[str, Any], *, origin: Origin) -> None:
    """Let this identity in as the person from now on; Conflict where it is anybody's already."""
    refuse_unlinkable(person)
    try:
        with transaction.atomic():
            SocialAccount.objects.create(provider=PROVIDER, uid=number_of(claims), user=person)
            record_audit("openid.link", origin=origin, target=_target(person))
    except IntegrityError as error:
        denied = AuditEvent.Result.DENIED
        record_audit("openid.link", origin=origin, target=_target(person), result=denied)
        raise Conflict(
            _(
                "This identity leads to another account here. Nothing was changed; ask an administrator."
            )
        ) from error


def unlink(person: User, *, current_key: str | None, origin: Origin) -> None:
    """Let the identity in no more, and sign out where it had signed in; this browser goes on."""
    identity = identity_of(person)
    if identity is None:
        return
    if person.source != User.Source.PORTAL:
        raise Conflict(_("You come in by this identity alone; it cannot be unlinked."))
    if not (person.has_usable_password() or Passkey.objects.filter(owner=person).exists()):
        raise Conflict(
            _("You have no password and no passkey; add one first, or nobody lets you in.")
        )
    with transaction.atomic():
        identity.delete()
        record_audit("openid.unlink", origin=origin, target=_target(person))
        came_by_it = BrowserSession.objects.filter(owner=person, signed_in_by__startswith=PROVIDER)
        for row in came_by_it.exclude(session_key=current_key or ""):
            browsers.end_browser(person, row.pk, origin=origin)


def _target(person: User) -> Target:
    return Target("user", str(person.pk), person.get_username())

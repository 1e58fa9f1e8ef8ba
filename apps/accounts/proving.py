"""Decides whether a secret that was sent proves the row that its key found; for personal tokens and robots alike."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.accounts import networks, tokens
from apps.accounts.tokens import TokenText
from dce_portal.errors import NotAuthenticated


class UnknownSecret(NotAuthenticated):
    """A secret that is nobody's: mistyped, or a guess."""


class Provable(Protocol):
    """What is read of a row."""

    @property
    def digest(self) -> str: ...
    @property
    def previous_digest(self) -> str: ...
    @property
    def previous_until(self) -> datetime | None: ...
    @property
    def networks(self) -> list[str]: ...
    @property
    def expires_at(self) -> datetime | None: ...
    @property
    def revoked_at(self) -> datetime | None: ...


def read_text(secret: str, *, prefix: str = tokens.PREFIX) -> TokenText:
    """The token as it was sent; UnknownSecret when it was mistyped, which no database needs to be asked for."""
    parsed = tokens.parse(secret, prefix=prefix)
    if parsed is None:
        raise UnknownSecret(_("This token is mistyped or cut off; copy it again, whole."))
    return parsed


def refuse_unproven(row: Provable | None, text: TokenText, *, address: str | None) -> None:
    """Raise NotAuthenticated unless the secret is the row's, or was until a rotation that still overlaps."""
    if row is None or not _is_the_secret(row, text):
        raise UnknownSecret(_("This token is not known here; make a new one in the portal."))
    if row.revoked_at is not None:
        raise NotAuthenticated(_("This token was revoked; make a new one in the portal."))
    if row.expires_at is not None and row.expires_at <= timezone.now():
        day = date_format(row.expires_at, "Y-m-d")
        message = _("This token expired on %(day)s; make a new one in the portal.") % {"day": day}
        raise NotAuthenticated(message)
    if not networks.allows(row.networks, address):
        message = _("This token may not be used from the address %(address)s.")
        raise NotAuthenticated(message % {"address": address or "?"})


def token_digest(whole: str) -> str:
    """What is stored of a secret."""
    return tokens.digest_of("token", whole, pepper=tokens.pepper_of(settings.SECRET_KEY))


def _is_the_secret(row: Provable, text: TokenText) -> bool:
    digest = token_digest(text.whole)
    if tokens.matches(digest, row.digest):
        return True
    if not row.previous_digest or not tokens.matches(digest, row.previous_digest):
        return False
    if row.previous_until is None or row.previous_until <= timezone.now():
        raise NotAuthenticated(_("This token was rotated; use the secret that was made then."))
    return True

"""Who scrapes: a personal token, as a bearer or as the password of Basic authentication."""

from __future__ import annotations

import base64
import binascii

from django.utils.translation import gettext as _

from apps.accounts.scopes import METRICS_READ
from apps.accounts.services import Credential, verify_bearer, verify_credential
from dce_portal.errors import NotAuthenticated, PermissionDenied

LONGEST_HEADER = 8192
TOKEN_PREFIX = "dcep_"  # noqa: S105 - no secret


def scraper(header: str, *, address: str | None) -> Credential:
    """Whose token an Authorization header brings; NotAuthenticated without one."""
    scheme, _space, rest = header[:LONGEST_HEADER].partition(" ")
    if scheme.lower() == "bearer":
        return verify_bearer(rest.strip(), address=address)
    if scheme.lower() == "basic":
        return _named(rest, address=address)
    raise NotAuthenticated(
        _("Send a personal token with the scope metrics.read, as bearer or as Basic password.")
    )


def metrics_reader(header: str, *, address: str | None) -> Credential:
    """As above, and PermissionDenied for a token without the scope."""
    credential = scraper(header, address=address)
    if not credential.allows(METRICS_READ):
        raise PermissionDenied(_("This token lacks the scope metrics.read; make one that has it."))
    return credential


def _named(encoded: str, *, address: str | None) -> Credential:
    """A user name may be left out, since the token says whose it is."""
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        raise NotAuthenticated(_("The Basic credentials are not base64 of UTF-8 text.")) from None
    username, _colon, secret = text.partition(":")
    if not secret.startswith(TOKEN_PREFIX):
        raise NotAuthenticated(_("Passwords are not taken here; send a personal token instead."))
    if not username:
        return verify_bearer(secret, address=address)
    return verify_credential(username, secret, address=address)

"""Reads an `Authorization: Basic` header; pure."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from dce_portal.errors import NotAuthenticated

LONGEST_HEADER = 8192


@dataclass(frozen=True, slots=True)
class BasicCredential:
    """A user name and a password or token; `str()` shows no secret."""

    username: str
    secret: str = field(repr=False)


def read_basic(header: str | None) -> BasicCredential | None:
    """The credential, None without a header; NotAuthenticated when it cannot be read.

    A header that is there and wrong must not count as anonymous: a mistyped credential
    would then seem to work.
    """
    if not header:
        return None
    if len(header) > LONGEST_HEADER:
        raise NotAuthenticated(_("the Authorization header is too long"))
    scheme, _space, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise NotAuthenticated(_("this address takes Basic credentials only"))
    username, colon, secret = _decoded(encoded).partition(":")
    if not colon:
        raise NotAuthenticated(_("the Basic credentials have no colon"))
    return BasicCredential(username, secret) if username or secret else None


def _decoded(encoded: str) -> str:
    try:
        return base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise NotAuthenticated(_("the Basic credentials are not base64 of UTF-8 text")) from error

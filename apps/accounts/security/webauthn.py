"""Passkeys as the WebAuthn standard has them: what the browser is asked, and whether its answer holds.

A passkey belongs to one host name, and browsers make none for an IP address or without TLS
(localhost excepted).
"""

from __future__ import annotations

import base64
import ipaddress
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from django.utils.translation import gettext as _
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorData,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from dce_portal.errors import InvalidInput, NotAuthenticated
from dce_portal.storable import storable_text

SITE_NAME = "DCE Portal"
# What the library and the decoding of a browser's answer raise when something in it is not so.
UNUSABLE = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
    AssertionError,
    NotImplementedError,
    RecursionError,
    InvalidSignature,
    struct.error,
)
ALGORITHM = 3  # where a COSE key says how it signs (RFC 9052)


@dataclass(frozen=True, slots=True)
class Site:
    """The address by which the browser has come: passkeys are bound to its host and checked against it."""

    host: str
    origin: str

    @property
    def can_have_passkeys(self) -> bool:
        """Whether a browser makes passkeys for it."""
        is_safe = self.origin.startswith("https://") or self.host == "localhost"
        return is_safe and not _is_address(self.host)


@dataclass(frozen=True, slots=True)
class NewKey:
    """What is kept of a new passkey."""

    credential_id: str
    public_data: str
    sign_count: int


@dataclass(frozen=True, slots=True)
class Proof:
    """A passkey that has just signed our challenge."""

    credential_id: str
    sign_count: int
    is_person_verified: bool


def ask_for_new(
    site: Site, *, user_id: int, username: str, known: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the browser is asked to make, and what is remembered until it answers."""
    options, state = _server(site).register_begin(
        PublicKeyCredentialUserEntity(
            name=username, display_name=username, id=str(user_id).encode()
        ),
        credentials=_credentials(known),
        resident_key_requirement=ResidentKeyRequirement.PREFERRED,
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return dict(options), state


def read_new(site: Site, state: Mapping[str, Any], answer: Mapping[str, Any]) -> NewKey:
    """The passkey in the browser's answer, or InvalidInput."""
    try:
        made: AuthenticatorData = _server(site).register_complete(state, answer)
        data = made.credential_data
        if data is None:
            raise ValueError("no credential")
        if data.public_key[ALGORITHM] not in CoseKey.supported_algorithms():
            raise ValueError("no algorithm that can be checked")
    except UNUSABLE as error:
        raise InvalidInput(_("The browser's answer does not fit; try once more.")) from error
    return NewKey(_text(data.credential_id), _text(bytes(data)), made.counter)


def ask_for_proof(site: Site, known: Sequence[str] | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the browser is asked to sign: by one of these keys, or (None) by any, which then must know its holder."""
    wish = UserVerificationRequirement
    options, state = _server(site).authenticate_begin(
        credentials=_credentials(known) if known is not None else None,
        user_verification=wish.PREFERRED if known is not None else wish.REQUIRED,
    )
    return dict(options), state


def credential_of(answer: Mapping[str, Any]) -> str:
    """Which key says that it has signed."""
    return storable_text(str(answer.get("id", "")))[:1400]


def read_proof(
    site: Site, state: Mapping[str, Any], answer: Mapping[str, Any], *, public_data: str
) -> Proof:
    """The proof in the browser's answer, checked with the key that we hold, or NotAuthenticated."""
    try:
        key = AttestedCredentialData(_bytes(public_data))
        _server(site).authenticate_complete(state, [key], answer)
        signed = AuthenticationResponse.from_dict(answer).response.authenticator_data
    except UNUSABLE as error:
        raise NotAuthenticated(_("This passkey's answer does not fit; try once more.")) from error
    return Proof(_text(key.credential_id), signed.counter, signed.is_user_verified())


def _server(site: Site) -> Fido2Server:
    return Fido2Server(
        PublicKeyCredentialRpEntity(name=SITE_NAME, id=site.host),
        verify_origin=lambda origin: origin == site.origin,
    )


def _credentials(known: Sequence[str]) -> list[AttestedCredentialData]:
    return [AttestedCredentialData(_bytes(data)) for data in known]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

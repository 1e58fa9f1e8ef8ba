"""Signs registry tokens: ES256, with the certificate in the header (x5c) and a libtrust key id.

That header is the one form that registry 2.8 and 3.x both take. `aud` is one string and times
are whole numbers, since 2.8 refuses anything else.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any, cast

import orjson
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.registry.rights import Access
from dce_portal import secret_files

ALGORITHM = "ES256"
_SHA256 = ec.ECDSA(hashes.SHA256())
_NUMBER_BYTES = 32


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A token for the registry, and how long it is good for."""

    text: str
    issued_at: datetime
    life_s: int


@dataclass(frozen=True)
class Signer:
    """A loaded key with the header that goes with it."""

    key: ec.EllipticCurvePrivateKey
    headers: dict[str, Any]

    @cached_property
    def _head(self) -> bytes:
        """The first part of every token, which is most of its text and always the same."""
        return _base64url(orjson.dumps({"typ": "JWT", "alg": ALGORITHM, **self.headers}))

    def sign(self, *, subject: str, access: Iterable[Access]) -> SignedToken:
        """A token for `subject` ("" is anyone) that allows exactly `access`."""
        now = datetime.now(UTC).replace(microsecond=0)
        life_s: int = settings.REGISTRY_TOKEN_LIFE_S
        claims = _claims(subject=subject, access=access, now_s=int(now.timestamp()), life_s=life_s)
        signed = self._head + b"." + _base64url(orjson.dumps(claims))
        text = signed + b"." + _base64url(self._signature(signed))
        return SignedToken(text.decode(), now, life_s)

    def _signature(self, message: bytes) -> bytes:
        """Both numbers at full length, as JOSE wants them, in place of the DER of X.509."""
        first, second = decode_dss_signature(self.key.sign(message, _SHA256))
        return first.to_bytes(_NUMBER_BYTES) + second.to_bytes(_NUMBER_BYTES)


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _claims(*, subject: str, access: Iterable[Access], now_s: int, life_s: int) -> dict[str, Any]:
    return {
        "iss": settings.REGISTRY_ISSUER,
        "aud": settings.REGISTRY_SERVICE,
        "sub": subject,
        "iat": now_s,
        "nbf": now_s,
        "exp": now_s + life_s,
        "jti": uuid.uuid4().hex,
        "access": [
            {"type": item.type, "name": item.name, "actions": list(item.actions)} for item in access
        ],
    }


@cache
def signer() -> Signer:
    """This process's signer, read from the files that the launcher made."""
    folder: Path = settings.PATHS.secrets
    try:
        key = (folder / secret_files.SIGNING_KEY).read_bytes()
        certificate = (folder / secret_files.SIGNING_CERTIFICATE).read_bytes()
    except OSError as error:
        raise ImproperlyConfigured(
            f"The key that signs registry tokens is not in {folder} ({error.strerror}); "
            "`make run` makes it once."
        ) from None
    return load_signer(key_pem=key, certificate_pem=certificate)


def load_signer(*, key_pem: bytes, certificate_pem: bytes) -> Signer:
    """Read key and certificate (PEM); of a bundle, the first certificate is the key's own."""
    key = cast(
        "ec.EllipticCurvePrivateKey", serialization.load_pem_private_key(key_pem, password=None)
    )
    certificate = x509.load_pem_x509_certificates(certificate_pem)[0]
    der = certificate.public_bytes(serialization.Encoding.DER)
    headers = {"x5c": [base64.b64encode(der).decode()], "kid": key_id(key.public_key())}
    return Signer(key, headers)


def key_id(key: ec.EllipticCurvePublicKey) -> str:
    """The fingerprint as libtrust writes it: 240 bits of SHA-256, base32, in twelve groups."""
    spki = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    text = base64.b32encode(hashlib.sha256(spki).digest()[:30]).decode()
    return ":".join(text[start : start + 4] for start in range(0, len(text), 4))

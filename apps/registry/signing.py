"""Signs registry tokens: ES256, with the certificate in the header (x5c) and a libtrust key id.

That header is the one form that registry 2.8 and 3.x both take. `aud` is one string and times
are whole numbers, since 2.8 refuses anything else.
"""

from __future__ import annotations

import base64
import hashlib
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
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
LOOK_EVERY_S = 1.0


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


class _Keeper:
    """This process's signer, read anew once its key's file is another one."""

    def __init__(self) -> None:
        self.looked_at = -LOOK_EVERY_S
        self.stamp: tuple[Path, int, int] | None = None
        self.signer: Signer | None = None

    def current(self) -> Signer:
        now = time.monotonic()
        if self.signer is None or now - self.looked_at >= LOOK_EVERY_S:
            self.signer = self._read(settings.PATHS.secrets)
            self.looked_at = now
        return self.signer

    def _read(self, folder: Path) -> Signer:
        path = folder / secret_files.SIGNING_KEY
        try:
            found = path.stat()
            stamp = (path, found.st_ino, found.st_mtime_ns)
            if self.signer is not None and stamp == self.stamp:
                return self.signer
            key = path.read_bytes()
            certificates = (folder / secret_files.SIGNING_CERTIFICATE).read_bytes()
        except OSError as error:
            raise ImproperlyConfigured(
                f"The key that signs registry tokens is not in {folder} ({error.strerror}); "
                "`make run` makes it once."
            ) from None
        self.stamp = stamp
        return load_signer(key_pem=key, certificate_pem=certificates)


_keeper = _Keeper()


def signer() -> Signer:
    """This process's signer; a key that was changed signs within a second."""
    return _keeper.current()


def load_signer(*, key_pem: bytes, certificate_pem: bytes) -> Signer:
    """Read key and certificates (PEM); of a bundle, the one that is the key's own goes along."""
    key = cast(
        "ec.EllipticCurvePrivateKey", serialization.load_pem_private_key(key_pem, password=None)
    )
    own = key_id(key.public_key())
    for certificate in x509.load_pem_x509_certificates(certificate_pem):
        if key_id(cast("ec.EllipticCurvePublicKey", certificate.public_key())) == own:
            der = certificate.public_bytes(serialization.Encoding.DER)
            return Signer(key, {"x5c": [base64.b64encode(der).decode()], "kid": own})
    raise ImproperlyConfigured(
        "The key that signs registry tokens has no certificate in its bundle; "
        "put both back from a backup, or remove both files and start the portal again."
    )


def key_id(key: ec.EllipticCurvePublicKey) -> str:
    """The fingerprint as libtrust writes it: 240 bits of SHA-256, base32, in twelve groups."""
    spki = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    text = base64.b32encode(hashlib.sha256(spki).digest()[:30]).decode()
    return ":".join(text[start : start + 4] for start in range(0, len(text), 4))


def thumbprint(key: ec.EllipticCurvePublicKey) -> str:
    """The key's id as registry 3.x reckons it (RFC 7638)."""
    members = {name: jwk_of(key)[name] for name in ("crv", "kty", "x", "y")}
    digest = hashlib.sha256(orjson.dumps(members, option=orjson.OPT_SORT_KEYS)).digest()
    return _base64url(digest).decode()


def jwk_of(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """The public key as a JSON Web Key, without an id."""
    numbers = key.public_numbers()
    x, y = (_base64url(one.to_bytes(_NUMBER_BYTES)).decode() for one in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "sig", "alg": ALGORITHM}


def key_set(certificate_pem: bytes) -> dict[str, list[dict[str, str]]]:
    """Every trusted key as a JSON Web Key Set, under the id of registry 2.8 (which tokens carry) and of 3.x."""
    certificates = x509.load_pem_x509_certificates(certificate_pem)
    keys = [cast("ec.EllipticCurvePublicKey", one.public_key()) for one in certificates]
    return {
        "keys": [
            {**jwk_of(key), "kid": kid} for key in keys for kid in (key_id(key), thumbprint(key))
        ]
    }


def key_id_of(certificate: x509.Certificate) -> str:
    """The id of a certificate's key, as tokens carry it."""
    return key_id(cast("ec.EllipticCurvePublicKey", certificate.public_key()))


def thumbprint_of(certificate: x509.Certificate) -> str:
    """The same as registry 3.x reckons it."""
    return thumbprint(cast("ec.EllipticCurvePublicKey", certificate.public_key()))

"""Makes the portal's keys once: files of mode 0600 that appear whole or not at all."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

from dce_portal import secret_files

CERTIFICATE_DAYS = 3650
# A registry whose clock is behind must accept the certificate, too.
CLOCK_SLACK_DAYS = 1


def make_keys(folder: Path) -> list[str]:
    """Make each key that is missing; returns the names of those that were made."""
    makers: dict[str, Callable[[], bytes]] = {
        secret_files.DJANGO_KEY: _random_text,
        secret_files.EVENT_KEY: _random_text,
        secret_files.UPLOAD_KEY: _random_text,
        secret_files.SEALING_KEY: _sealing_key,
        secret_files.SIGNING_KEY: new_signing_key,
        secret_files.SIGNING_CERTIFICATE: lambda: signing_certificate(
            (folder / secret_files.SIGNING_KEY).read_bytes()
        ),
    }
    return [name for name, make in makers.items() if write_once(folder / name, make)]


def write_once(path: Path, make: Callable[[], bytes]) -> bool:
    """Write a private file unless it exists; a crash or a race leaves one whole file."""
    if path.exists():
        return False
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.") as draft:
        draft.write(make())
        draft.flush()
        os.fsync(draft.fileno())
        try:
            os.link(draft.name, path)
        except FileExistsError:
            return False
    return True


def _random_text() -> bytes:
    return secrets.token_urlsafe(48).encode() + b"\n"


def _sealing_key() -> bytes:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)) + b"\n"


def new_signing_key() -> bytes:
    """A key for registry tokens, as PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def signing_certificate(key_pem: bytes) -> bytes:
    """A self-signed certificate of the signing key, for the registry's rootcertbundle and x5c."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = serialization.load_pem_private_key(key_pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("The key that signs registry tokens is no elliptic-curve key.")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "dce-portal token signing")])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=CLOCK_SLACK_DAYS))
        .not_valid_after(now + timedelta(days=CERTIFICATE_DAYS))
    )
    certificate = builder.sign(key, hashes.SHA256())
    return certificate.public_bytes(serialization.Encoding.PEM)

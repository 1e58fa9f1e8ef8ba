"""The files of the keys that sign registry tokens, and the steps in which they change.

STEADY --begin--> PREPARED --switch--> OVERLAP --retire--> STEADY

Each step may be repeated, and a crash between two leaves a state that has a name. The bundle always
has the certificate of the key that signs, so that whoever reads both files reads a pair.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from dce_portal import secret_files
from dce_portal.launcher.keys import new_signing_key, signing_certificate
from dce_portal.secret_files import replace_private

# How far behind a registry still takes a token that has expired.
REGISTRY_LEEWAY_S = 60
# Every process looks for a new key once a second.
FOLLOWED_AFTER_S = 2


class Stage(StrEnum):
    """How far a rotation is."""

    STEADY = "steady"
    PREPARED = "prepared"
    OVERLAP = "overlap"


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """The signing key, the one that follows it, and the bundle of certificates that a registry trusts."""

    folder: Path

    @property
    def key(self) -> Path:
        """The key that signs."""
        return self.folder / secret_files.SIGNING_KEY

    @property
    def next_key(self) -> Path:
        """The key that will sign; there during a rotation only."""
        return self.folder / secret_files.NEXT_SIGNING_KEY

    @property
    def bundle(self) -> Path:
        """What the registry trusts."""
        return self.folder / secret_files.SIGNING_CERTIFICATE

    def stage(self) -> Stage:
        """Where the last rotation stands."""
        if self.next_key.exists():
            return Stage.PREPARED
        return Stage.OVERLAP if len(self.certificates()) > 1 else Stage.STEADY

    def certificates(self) -> list[x509.Certificate]:
        """Every certificate of the bundle."""
        return x509.load_pem_x509_certificates(self.bundle.read_bytes())

    def certificate(self) -> x509.Certificate:
        """That of the key that signs."""
        return _of_key(self.certificates(), self.key.read_bytes())

    def begin(self) -> None:
        """Make the next key, and trust its certificate beside the present one."""
        if self.stage() is Stage.OVERLAP:
            return
        if not self.next_key.exists():
            replace_private(self.next_key, new_signing_key())
        next_key = self.next_key.read_bytes()
        if not _with_key(self.certificates(), next_key):
            certificate = signing_certificate(next_key)
            replace_private(self.bundle, _pem([self.certificate()]) + certificate)

    def switch(self) -> None:
        """Sign with the next key from now on; its file's time says since when."""
        if self.stage() is Stage.PREPARED:
            os.utime(self.next_key)
            self.next_key.replace(self.key)

    def retire(self) -> None:
        """Trust the certificate of the key that signs, and no other."""
        replace_private(self.bundle, _pem([self.certificate()]))

    def roll_back(self) -> None:
        """Forget a next key that has signed nothing yet."""
        if self.stage() is Stage.PREPARED:
            self.next_key.unlink()
            self.retire()

    def retires_at(self) -> datetime:
        """When the last token of the key before has ended for every registry."""
        life_s = settings.REGISTRY_TOKEN_LIFE_S + REGISTRY_LEEWAY_S + FOLLOWED_AFTER_S
        return datetime.fromtimestamp(self.key.stat().st_mtime + life_s, UTC)


def own_key_files() -> KeyFiles:
    """This portal's."""
    return KeyFiles(settings.PATHS.secrets)


def _of_key(certificates: Iterable[x509.Certificate], key_pem: bytes) -> x509.Certificate:
    found = _with_key(certificates, key_pem)
    if not found:
        raise ValueError("No certificate of the bundle belongs to the key that signs.")
    return found[0]


def _with_key(certificates: Iterable[x509.Certificate], key_pem: bytes) -> list[x509.Certificate]:
    key = serialization.load_pem_private_key(key_pem, password=None).public_key()
    wanted = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return [
        one
        for one in certificates
        if one.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == wanted
    ]


def _pem(certificates: Iterable[x509.Certificate]) -> bytes:
    return b"".join(one.public_bytes(Encoding.PEM) for one in certificates)

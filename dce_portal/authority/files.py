"""The authority's files under ``DCE_DATA/secrets/authority``, each written whole or not at all.

Files and no rows: they are needed before the database is, by programs that never ask it (nginx,
the TLS library), and a copy of the database shall not carry the key that rules every node.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from dce_portal.authority.certificates import (
    Issuer,
    certificate_pem,
    fits,
    key_pem,
    load_key,
    new_key,
)
from dce_portal.secret_files import replace_private

FOLDER = "authority"


@dataclass(frozen=True, slots=True)
class AuthorityFiles:
    """Where everything is."""

    folder: Path

    @property
    def bundle(self) -> Path:
        """Every CA that is trusted now."""
        return self.folder / "bundle.pem"

    @property
    def controller(self) -> tuple[Path, Path]:
        """The certificate that agents are shown, and its key."""
        return self.folder / "controller.pem", self.folder / "controller.key"

    @property
    def server(self) -> tuple[Path, Path]:
        """The HTTPS listener's own certificate, and its key."""
        return self.folder / "server.pem", self.folder / "server.key"

    @property
    def retiring(self) -> Path:
        """The old CA while agents still follow to the new one; its key is gone."""
        return self.folder / "retiring.pem"

    @property
    def cross(self) -> Path:
        """Later CAs as the earlier ones vouch for them, newest first."""
        return self.folder / "cross.pem"

    @property
    def served(self) -> Path:
        """The fingerprint of the certificate that nginx was last told of."""
        return self.folder / "served"

    def pair(self, name: str) -> tuple[Path, Path]:
        """Certificate and key of the current or the incoming CA."""
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes out while files change together."""
        with (self.folder / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def current(self) -> Issuer:
        """The CA that signs now; call it under the lock."""
        self._settle()
        return read_issuer(self.pair("current"))

    def incoming(self) -> Issuer | None:
        """The CA that a rotation has made and not yet put in place."""
        return read_issuer(self.pair("incoming")) if self.pair("incoming")[0].exists() else None

    def write_bundle(self) -> None:
        """Put every CA that is to be trusted now into one file."""
        places = (self.pair("current")[0], self.pair("incoming")[0], self.retiring)
        found = [read_certificates(place) for place in places]
        trusted = {one.subject.rfc4514_string(): one for some in found for one in some}
        replace_private(self.bundle, certificate_pem(*trusted.values()))

    def _settle(self) -> None:
        """Finish a change of CAs that was interrupted between its two renames: the key goes first."""
        (certificate, key), (new_certificate, _gone) = self.pair("current"), self.pair("incoming")
        if not new_certificate.exists() or self.pair("incoming")[1].exists():
            return
        (incoming,) = read_certificates(new_certificate)
        if fits(incoming, load_key(key.read_bytes())):
            new_certificate.replace(certificate)


def read_certificates(path: Path) -> list[x509.Certificate]:
    """All certificates of a file; none where there is no file."""
    return x509.load_pem_x509_certificates(path.read_bytes()) if path.exists() else []


def read_issuer(pair: tuple[Path, Path]) -> Issuer:
    """A CA with its key."""
    certificate, key = pair
    return Issuer(read_certificates(certificate)[0], load_key(key.read_bytes()))


def write_issuer(pair: tuple[Path, Path], issuer: Issuer) -> None:
    """Keep a new CA; the key first, since only the certificate says that there is one."""
    certificate, key = pair
    replace_private(key, key_pem(issuer.key))
    replace_private(certificate, certificate_pem(issuer.certificate))


def kept_key(path: Path) -> bytes:
    """The key of a file, made once: renewed certificates keep it, so that pins of it stay true."""
    if not path.exists():
        replace_private(path, key_pem(new_key()))
    return path.read_bytes()

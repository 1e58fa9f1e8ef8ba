"""Certificates for a lab's TLS listeners.

The files have Docker's own names, so that a folder of them serves as DOCKER_CERT_PATH.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """One party's files: the authority it trusts, its certificate and its key."""

    folder: Path

    @property
    def ca(self) -> Path:
        """The authority that the other side's certificate must come from."""
        return self.folder / "ca.pem"

    @property
    def certificate(self) -> Path:
        """The certificate shown to the other side."""
        return self.folder / "cert.pem"

    @property
    def key(self) -> Path:
        """Its private key."""
        return self.folder / "key.pem"


class Authority:
    """A lab's own certificate authority."""

    def __init__(self, folder: Path) -> None:
        """Read the authority kept in ``folder``, or make it there."""
        self._folder = folder
        certificate, key = folder / "ca.pem", folder / "ca-key.pem"
        if key.exists():
            self._ca = trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())
            return
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._ca = trustme.CA()
        self._ca.cert_pem.write_to_path(certificate)
        self._ca.private_key_pem.write_to_path(key)

    def issue(self, name: str, *identities: str) -> TlsFiles:
        """Give ``name`` its files; the identities are host names and addresses."""
        files = TlsFiles(self._folder / name)
        if files.key.exists():
            return files
        files.folder.mkdir(mode=0o700)
        leaf = self._ca.issue_cert(*(identities or (name,)), common_name=name)
        self._ca.cert_pem.write_to_path(files.ca)
        for part in leaf.cert_chain_pems:
            part.write_to_path(files.certificate, append=True)
        leaf.private_key_pem.write_to_path(files.key)
        return files

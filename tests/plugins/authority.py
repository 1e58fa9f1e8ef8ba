"""The portal's CA in a folder of the test's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dce_portal import authority
from dce_portal.authority.files import AuthorityFiles
from dce_portal.configuration import Configuration

AGENT = "agent-0123456789ab.dce"


@dataclass(frozen=True, slots=True)
class OwnAuthority:
    """A prepared authority, and the settings it was prepared with."""

    configuration: Configuration

    @property
    def files(self) -> AuthorityFiles:
        """Where it keeps what it has."""
        return AuthorityFiles(self.configuration.paths.secrets / "authority")


@pytest.fixture
def own_authority(tmp_path: Path, settings) -> OwnAuthority:
    """What `make run` prepares before it starts anything."""
    (tmp_path / "secrets").mkdir(mode=0o700)
    settings.CONFIGURATION = replace(settings.CONFIGURATION, data=tmp_path)
    authority.prepare(settings.CONFIGURATION)
    return OwnAuthority(settings.CONFIGURATION)


def csr_pem(name: str = AGENT, *, key=None) -> str:
    """A certificate request as an agent makes it."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    request = builder.sign(key or ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()

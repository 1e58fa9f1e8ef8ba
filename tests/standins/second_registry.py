"""A second real registry, on TCP, with TLS and a password: the other end of a replication."""

from __future__ import annotations

import ipaddress
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.free_port import free_port
from tests.lab.host import wait_until
from tests.plugins.registry import END_TIMEOUT_S, START_TIMEOUT_S
from tests.programs import find_program

USER, PASSWORD = "copier", "a long password of the tests"
# bcrypt of it, with the least cost.
HTPASSWD = "copier:$2y$04$rDhApgr0bRP739uNp6pgx.GHhKa0oGQVYndDi8l6ZrzrpzSrziUuC\n"


@dataclass(frozen=True, slots=True)
class SecondRegistry:
    """Where it listens, and the certificate that proves it."""

    host: str
    ca_pem: str

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://{self.host}"


@contextmanager
def second_registry(folder: Path) -> Iterator[SecondRegistry]:
    """An empty registry that runs while the block does."""
    port = free_port()
    certificate, key = folder / "tls.crt", folder / "tls.key"
    pem = _write_certificate(certificate, key)
    (folder / "htpasswd").write_text(HTPASSWD)
    config = folder / "config.yml"
    config.write_text(yaml.safe_dump(_configuration(folder, port)))
    program = find_program("docker-registry") or "docker-registry"
    command = ["setpriv", "--pdeathsig", "TERM", program, "serve", str(config)]
    with (folder / "registry.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        what = "the second registry"
        wait_until(lambda: _listens(port), what=what, timeout_s=START_TIMEOUT_S)
        yield SecondRegistry(f"127.0.0.1:{port}", pem)
    finally:
        process.terminate()
        process.wait(timeout=END_TIMEOUT_S)


def _configuration(folder: Path, port: int) -> dict[str, object]:
    tls = {"certificate": str(folder / "tls.crt"), "key": str(folder / "tls.key")}
    return {
        "version": 0.1,
        "log": {"accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(folder / "data")},
            "delete": {"enabled": True},
        },
        "http": {"addr": f"127.0.0.1:{port}", "tls": tls},
        "auth": {"htpasswd": {"realm": "tests", "path": str(folder / "htpasswd")}},
    }


def _listens(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _write_certificate(certificate: Path, key: Path) -> str:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "second registry")])
    now = datetime.now(UTC)
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, key_cert_sign=True, **usage), critical=True
        )
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False
        )
        .sign(private, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    certificate.write_bytes(pem)
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem.decode()

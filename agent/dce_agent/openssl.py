"""Keys, requests and checks of certificates, by the openssl program."""

from __future__ import annotations

import re
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from .errors import AgentError

PROGRAM = "openssl"
TIMEOUT_S = 20
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,62}[A-Za-z0-9])?")


class Purpose(StrEnum):
    """What a certificate is used for, in openssl's words."""

    SERVER = "sslserver"
    CLIENT = "sslclient"


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says of itself."""

    name: str
    serial_hex: str
    not_after_unix_s: int


def make_key() -> str:
    """A new private key on the curve P-256."""
    return _run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")


def make_request(key_path: str, *, name: str) -> str:
    """A request to sign a certificate of that name for a key."""
    if not NAME.fullmatch(name):
        raise AgentError(f"{name!r} is no name for a server: use letters, digits, dots and dashes.")
    subject = ("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}")
    return _run("req", "-new", "-sha256", "-key", key_path, *subject)


def public_key_of_key(key_path: str) -> str:
    """The public half of a private key."""
    return _run("pkey", "-in", key_path, "-pubout")


def public_key_of_certificate(certificate: str) -> str:
    """The public key that a certificate is for."""
    return _run("x509", "-noout", "-pubkey", given=certificate)


def facts_of(certificate: str) -> CertificateFacts:
    """Read name, serial number and end."""
    options = ("-noout", "-subject", "-nameopt", "multiline", "-serial", "-enddate")
    text = _run("x509", *options, given=certificate)
    name, serial, end = (
        _found(pattern, text)
        for pattern in (r"commonName\s*= (.*)", r"serial=(.*)", r"notAfter=(.*)")
    )
    end_s = ssl.cert_time_to_seconds(end) if end else 0
    return CertificateFacts(name=name, serial_hex=serial.lower(), not_after_unix_s=end_s)


def verify(certificate: str, *, authorities: str, purpose: Purpose) -> str:
    """Check a certificate of one of the authorities for today; why not, or nothing when it holds."""
    with _file(authorities) as trusted, _file(certificate) as leaf:
        done = _done("verify", "-purpose", purpose, "-no-CApath", "-CAfile", trusted, leaf)
    if done.returncode == 0:
        return ""
    return _found(r"error \d+ at \d+ depth lookup: (.*)", done.stdout + done.stderr) or "unreadable"


def _run(*arguments: str, given: str = "") -> str:
    done = _done(*arguments, given=given)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise AgentError(f"openssl {arguments[0]} failed ({reason}); nothing was changed.")
    return done.stdout


def _done(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (PROGRAM, *arguments),
        input=given,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    return match[1].strip() if match else ""


@contextmanager
def _file(text: str) -> Iterator[str]:
    with tempfile.NamedTemporaryFile("w", prefix="dce-", suffix=".pem") as file:
        file.write(text)
        file.flush()
        yield file.name

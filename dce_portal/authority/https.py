"""The certificate that the HTTPS listener serves: the portal's own, or the operator's by file."""

from __future__ import annotations

import os
import signal
import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from django.conf import settings

from dce_portal.authority.certificates import certificate_pem, fingerprint, key_pin, utc_now
from dce_portal.authority.files import read_certificates
from dce_portal.authority.state import files_of
from dce_portal.configuration import Configuration
from dce_portal.secret_files import replace_private


class OwnCertificateError(Exception):
    """The operator's certificate cannot be served; the text is one sentence that says why."""


@dataclass(frozen=True, slots=True)
class HttpsFiles:
    """What nginx is given."""

    certificate: Path
    key: Path
    is_operators: bool


def https_files(configuration: Configuration) -> HttpsFiles:
    """The operator's files where they are named, else the portal's own."""
    if configuration.tls_cert and configuration.tls_key:
        return HttpsFiles(configuration.tls_cert, configuration.tls_key, is_operators=True)
    return HttpsFiles(*files_of(configuration).server, is_operators=False)


def check_operators_certificate(configuration: Configuration, *, now: datetime) -> None:
    """Refuse files that nginx could not serve, or that every client would refuse."""
    files = https_files(configuration)
    if not files.is_operators:
        return
    own = _first_certificate(files.certificate)
    if own.not_valid_after_utc <= now:
        raise OwnCertificateError(
            f"The certificate in DCE_TLS_CERT, {files.certificate}, expired on"
            f" {own.not_valid_after_utc:%Y-%m-%d}; put a renewed one in its place."
        )
    _check_pair(files)


def _first_certificate(path: Path) -> x509.Certificate:
    try:
        return read_certificates(path)[0]
    except (ValueError, IndexError):
        raise OwnCertificateError(
            f"DCE_TLS_CERT names {path}, which holds no certificate in PEM form; give the"
            " certificate first, then those of its issuers."
        ) from None
    except OSError as error:
        raise OwnCertificateError(
            f"DCE_TLS_CERT names {path}, which cannot be read: {error.strerror}."
        ) from None


def _check_pair(files: HttpsFiles) -> None:
    """Load both as a server does; a key that asks for a password counts as unusable."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(files.certificate, files.key, password=lambda: "")
    except (ssl.SSLError, ValueError, OSError) as error:
        reason = getattr(error, "reason", None)
        if reason == "KEY_VALUES_MISMATCH":
            said = "is not the key of the certificate in DCE_TLS_CERT"
        else:
            said = "cannot be used; it must be a key in PEM form without a password"
        raise OwnCertificateError(f"DCE_TLS_KEY names {files.key}, which {said}.") from None


def public_key_pin() -> str:
    """The pin of the HTTPS certificate's key, for join lines and curl's --pinnedpubkey sha256//."""
    configuration: Configuration = settings.CONFIGURATION
    return key_pin(_first_certificate(https_files(configuration).certificate))


def https_expires_at() -> datetime:
    """Until when the HTTPS certificate is good."""
    configuration: Configuration = settings.CONFIGURATION
    return _first_certificate(https_files(configuration).certificate).not_valid_after_utc


def https_trust_pem() -> str | None:
    """What a client must trust to reach the HTTPS listener; None when its system does already.

    The portal's CAs, or the root that the operator put into their own file. An operator's file
    without one is taken to come from a CA that every system knows.
    """
    configuration: Configuration = settings.CONFIGURATION
    files = https_files(configuration)
    if not files.is_operators:
        return files_of(configuration).bundle.read_text(encoding="ascii")
    roots = [one for one in read_certificates(files.certificate) if one.issuer == one.subject]
    return certificate_pem(*roots).decode("ascii") if roots else None


def note_served(configuration: Configuration) -> None:
    """Remember which certificate nginx is started with."""
    certificate = _first_certificate(https_files(configuration).certificate)
    replace_private(files_of(configuration).served, fingerprint(certificate).encode())


def reload_when_changed(configuration: Configuration) -> bool:
    """Have nginx load a certificate that was renewed since; True when it was told.

    An operator's pair that does not belong together yet raises OwnCertificateError: nginx goes on
    with what it has.
    """
    pid_file = configuration.paths.run / "nginx.pid"
    if not configuration.https_port or not pid_file.exists() or not _has_changed(configuration):
        return False
    check_operators_certificate(configuration, now=utc_now())
    os.kill(_nginx_pid(pid_file), signal.SIGHUP)
    note_served(configuration)
    return True


def _has_changed(configuration: Configuration) -> bool:
    certificate = _first_certificate(https_files(configuration).certificate)
    served = files_of(configuration).served
    return not served.exists() or served.read_text() != fingerprint(certificate)


def _nginx_pid(pid_file: Path) -> int:
    """nginx's main process; ProcessLookupError when the file names another program's."""
    pid = int(pid_file.read_text())
    try:
        name = Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        name = ""
    if name != "nginx":
        raise ProcessLookupError(f"Process {pid} of {pid_file} is no nginx.")
    return pid

"""Makes the authority's files what they shall be, and tells what they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from django.conf import settings

from dce_portal.authority.certificates import fingerprint, new_authority, utc_now
from dce_portal.authority.files import FOLDER, AuthorityFiles, read_certificates, write_issuer
from dce_portal.authority.own import Lineage, renew_controller, renew_server, server_names
from dce_portal.configuration import Configuration


@dataclass(frozen=True, slots=True)
class ControllerFiles:
    """What the portal trusts agents by, and what it shows them.

    `version` changes with the files' content: connections that were opened with older files are
    known by it.
    """

    bundle: Path
    certificate: Path
    key: Path
    version: str


@dataclass(frozen=True, slots=True)
class AuthorityInfo:
    """One CA as a page shows it."""

    name: str
    fingerprint_sha256: str
    issued_at: datetime
    expires_at: datetime


def files_of(configuration: Configuration) -> AuthorityFiles:
    """The authority's files under DCE_DATA."""
    return AuthorityFiles(configuration.paths.secrets / FOLDER)


def own_files() -> AuthorityFiles:
    """The authority's files of the running portal."""
    configuration: Configuration = settings.CONFIGURATION
    return files_of(configuration)


def prepare(configuration: Configuration, *, now: datetime | None = None) -> list[str]:
    """Make what is missing and renew what is two thirds old; returns the names of what was made.

    Called before every start, by an hourly task, and after each step of a rotation.
    """
    files, moment = files_of(configuration), now or utc_now()
    files.folder.mkdir(mode=0o700, exist_ok=True)
    with files.locked():
        made = _make_authority(files, now=moment)
        files.write_bundle()
        return made + renew_own(files, configuration, now=moment)


def _make_authority(files: AuthorityFiles, *, now: datetime) -> list[str]:
    if files.pair("current")[0].exists():
        return []
    write_issuer(files.pair("current"), new_authority(now=now))
    return ["CA"]


def renew_own(files: AuthorityFiles, configuration: Configuration, *, now: datetime) -> list[str]:
    """The portal's own two certificates, where they are missing or due; call it under the lock."""
    crosses = tuple(one for one in read_certificates(files.cross) if one.not_valid_after_utc > now)
    issuer = files.current()
    # Agents are brought to the new CA; docker clients that trust an earlier one are not.
    to_agents = Lineage(issuer, crosses[:1] if files.retiring.exists() else (), now)
    to_people = Lineage(issuer, crosses, now)
    renewed = {
        "controller certificate": renew_controller(files, to_agents),
        "HTTPS certificate": renew_server(files, to_people, names=server_names(configuration)),
    }
    return [name for name, is_new in renewed.items() if is_new]


def controller_tls() -> ControllerFiles:
    """The files with which agents are asked."""
    files = own_files()
    certificate, key = files.controller
    version = "-".join(_stamp(path) for path in (files.bundle, certificate))
    return ControllerFiles(files.bundle, certificate, key, version)


def bundle_pem() -> str:
    """Every CA that is trusted now."""
    return own_files().bundle.read_text(encoding="ascii")


def bundle_fingerprints() -> frozenset[str]:
    """The SHA-256 of each CA in the bundle."""
    return frozenset(fingerprint(one) for one in read_certificates(own_files().bundle))


def current_fingerprint() -> str:
    """The SHA-256 of the CA that signs now."""
    return fingerprint(read_certificates(own_files().pair("current")[0])[0])


def current_authority() -> AuthorityInfo | None:
    """The CA that signs now; None before the first start has made one."""
    return _info(own_files().pair("current")[0])


def retiring_authority() -> AuthorityInfo | None:
    """The CA that is on its way out, while agents follow."""
    return _info(own_files().retiring)


def _info(path: Path) -> AuthorityInfo | None:
    found = read_certificates(path)
    return _told(found[0]) if found else None


def _told(certificate: x509.Certificate) -> AuthorityInfo:
    return AuthorityInfo(
        name=certificate.subject.rfc4514_string().removeprefix("CN="),
        fingerprint_sha256=fingerprint(certificate),
        issued_at=certificate.not_valid_before_utc,
        expires_at=certificate.not_valid_after_utc,
    )


def _stamp(path: Path) -> str:
    try:
        return format(path.stat().st_mtime_ns, "x")
    except FileNotFoundError:
        return "0"

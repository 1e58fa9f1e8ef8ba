"""Changes the CA, step by step; each step may be repeated, and a crash between two leaves a state that has a name.

STEADY --begin--> PREPARED --switch--> OVERLAP --retire--> STEADY

The new CA is vouched for by the old one (a cross-certificate), which goes along with what the
portal shows: an agent or a docker client that knows only the old CA goes on accepting the portal.
"""

from __future__ import annotations

from enum import StrEnum

from django.conf import settings

from dce_portal.authority.certificates import (
    certificate_pem,
    cross_certificate,
    new_authority,
    utc_now,
)
from dce_portal.authority.files import AuthorityFiles, read_certificates, write_issuer
from dce_portal.authority.state import own_files, prepare
from dce_portal.secret_files import replace_private


class Stage(StrEnum):
    """How far a rotation is."""

    STEADY = "steady"
    PREPARED = "prepared"
    OVERLAP = "overlap"


def rotation_stage() -> Stage:
    """Where the last rotation stands."""
    files = own_files()
    if files.pair("incoming")[0].exists():
        return Stage.PREPARED
    return Stage.OVERLAP if files.retiring.exists() else Stage.STEADY


def begin() -> None:
    """Make the new CA and trust it beside the present one; nothing is signed with it yet."""
    files = own_files()
    with files.locked():
        if rotation_stage() is not Stage.STEADY:
            return
        write_issuer(files.pair("incoming"), new_authority(now=utc_now()))
        files.write_bundle()


def switch() -> None:
    """Sign with the new CA from now on, and renew the portal's own certificates; the old CA's key ends."""
    files = own_files()
    with files.locked():
        if rotation_stage() is Stage.PREPARED:
            _switch(files)
    prepare(settings.CONFIGURATION)


def _switch(files: AuthorityFiles) -> None:
    old, new = files.current(), files.incoming()
    if new is None or old.certificate.subject == new.certificate.subject:
        return  # an interrupted switch was just finished
    cross = cross_certificate(new.certificate, by=old, now=utc_now())
    earlier = [one for one in read_certificates(files.cross) if one.subject != cross.subject]
    replace_private(files.cross, certificate_pem(cross, *earlier))
    replace_private(files.retiring, certificate_pem(old.certificate))
    (certificate, key), (new_certificate, new_key) = files.pair("current"), files.pair("incoming")
    new_key.replace(key)
    new_certificate.replace(certificate)


def retire() -> None:
    """Trust the old CA no more: every agent has followed."""
    files = own_files()
    with files.locked():
        if rotation_stage() is Stage.OVERLAP:
            files.retiring.unlink()
            files.write_bundle()
    prepare(settings.CONFIGURATION)

"""The portal's own certificates: the client's that agents are shown, and the HTTPS listener's."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from cryptography import x509

from dce_portal.authority.certificates import (
    CLIENT_AUTH,
    SERVER_AUTH,
    Issuer,
    Wish,
    alternative_names,
    certificate_pem,
    fits,
    is_two_thirds_old,
    leaf_certificate,
    load_key,
)
from dce_portal.authority.files import AuthorityFiles, kept_key, read_certificates
from dce_portal.configuration import Configuration
from dce_portal.secret_files import replace_private

CONTROLLER_NAME = "dce-controller"
CONTROLLER_DAYS = 90
SERVER_DAYS = 365
LONGEST_COMMON_NAME = 64
ALWAYS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Lineage:
    """Who signs now, and the certificates that go along for those who trust an earlier CA only."""

    issuer: Issuer
    chain: tuple[x509.Certificate, ...]
    now: datetime


def renew_controller(files: AuthorityFiles, lineage: Lineage) -> bool:
    """Make the client certificate when it is missing, due or another CA's; whether it was made."""
    wish = Wish(CONTROLLER_NAME, (), CLIENT_AUTH, CONTROLLER_DAYS)
    return _renew(files.controller, wish, lineage)


def renew_server(files: AuthorityFiles, lineage: Lineage, *, names: tuple[str, ...]) -> bool:
    """As above for the HTTPS listener, and when this machine has got another name or address."""
    common_name = next(name for name in names if len(name) <= LONGEST_COMMON_NAME)
    return _renew(files.server, Wish(common_name, names, SERVER_AUTH, SERVER_DAYS), lineage)


def server_names(configuration: Configuration) -> tuple[str, ...]:
    """The names under which the portal may be reached, each once."""
    public = urlsplit(configuration.public_url or "").hostname
    asked = [name for name in configuration.allowed_hosts if "*" not in name and name[0] != "."]
    found = [public or "", *asked, *configuration.bind, socket.gethostname(), *ALWAYS]
    return tuple(dict.fromkeys(filter(_can_be_certified, [*found, *own_addresses()])))


def own_addresses() -> list[str]:
    """This machine's addresses, without those of one link only."""
    families = {socket.AF_INET, socket.AF_INET6}
    interfaces = psutil.net_if_addrs().values()
    found = {one.address for some in interfaces for one in some if one.family in families}
    return sorted(address for address in found if "%" not in address)


def _can_be_certified(name: str) -> bool:
    try:
        return not ipaddress.ip_address(name).is_unspecified
    except ValueError:
        return bool(name) and name.isascii() and len(name) <= 253


def _renew(pair: tuple[Path, Path], wish: Wish, lineage: Lineage) -> bool:
    certificate_path, key_path = pair
    key = load_key(kept_key(key_path))
    kept = read_certificates(certificate_path)
    is_good = kept and fits(kept[0], key) and not _is_due(kept, wish, lineage)
    if is_good:
        return False
    made = leaf_certificate(wish, public_key=key.public_key(), by=lineage.issuer, now=lineage.now)
    replace_private(certificate_path, certificate_pem(made, *lineage.chain))
    return True


def _is_due(kept: list[x509.Certificate], wish: Wish, lineage: Lineage) -> bool:
    own, *chain = kept
    return (
        own.issuer != lineage.issuer.certificate.subject
        or tuple(chain) != lineage.chain
        or not alternative_names(own) >= set(wish.names)
        or is_two_thirds_old(own, now=lineage.now)
    )

"""A standalone Swarm's key store as its managers are told of it: `etcd://host:2379,host:2379/prefix`; pure."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from dce_portal.errors import InvalidInput

DEFAULT_PORT = 2379
SCHEMES = {"etcd": "http", "etcds": "https"}
MOST_MEMBERS = 16


@dataclass(frozen=True, slots=True)
class DiscoveryAddress:
    """The members' addresses, and where in the key space the Swarm's keys lie."""

    members: tuple[str, ...]
    prefix: str
    is_tls: bool

    @property
    def root(self) -> str:
        """The folder of the Swarm's keys."""
        return "/".join(part for part in (self.prefix, "docker/swarm") if part)


def parse_discovery(url: str) -> DiscoveryAddress:
    """The address in parts; InvalidInput with what would be right."""
    scheme, separator, rest = url.strip().partition("://")
    hosts, _slash, prefix = rest.partition("/")
    if scheme not in SCHEMES or not separator or not is_plain_path(prefix):
        raise _wrong()
    members = tuple(_member(host, scheme=SCHEMES[scheme]) for host in hosts.split(","))
    if len(members) > MOST_MEMBERS:
        raise _wrong()
    return DiscoveryAddress(members, prefix.strip("/"), is_tls=scheme == "etcds")


def is_plain_path(text: str) -> bool:
    """Whether every part is a plain name, so that it leads nowhere else in the key space."""
    parts = [part for part in text.split("/") if part]
    allowed = all(
        part.isascii() and part.replace("-", "").replace("_", "").replace(".", "").isalnum()
        for part in parts
    )
    return allowed and not {".", ".."} & set(parts)


def _member(text: str, *, scheme: str) -> str:
    try:
        parts = urlsplit(f"//{text.strip()}")
        host, port = parts.hostname, parts.port or DEFAULT_PORT
    except ValueError:
        raise _wrong() from None
    is_bare = parts.netloc == text.strip() and "@" not in text and " " not in text
    if not host or not is_bare:
        raise _wrong()
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}:{port}"


def _wrong() -> InvalidInput:
    return InvalidInput(
        _(
            "A key store's address is etcd://host:2379 with further members after commas and perhaps"
            " a /prefix at the end; etcds:// where the members speak TLS."
        ),
        field="discovery_url",
    )

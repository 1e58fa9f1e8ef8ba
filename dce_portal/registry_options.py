"""The settings of the registry: what its tokens and its guard do, scans, webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dce_portal import parsers
from dce_portal.option import Option
from dce_portal.secret import Secret

REGISTRY_OPTIONS = (
    Option(
        "DCE_GUARD_FAILS",
        parsers.choice("closed", "open"),
        "word",
        "closed",
        "What becomes of a push that the portal cannot look at: closed refuses it, open lets it through.",
    ),
    Option(
        "DCE_REGISTRY_TOKEN_LIFE_S",
        parsers.integer(least=60, most=3600),
        "number",
        "300",
        "How many seconds a registry token lives; a right that was taken away works until then.",
    ),
    Option(
        "DCE_TRIVY",
        parsers.existing_file,
        "file",
        None,
        "Trivy's program, which scans images; unset, the `trivy` that the machine has, if any.",
    ),
    Option(
        "DCE_TRIVY_SERVER",
        parsers.origin,
        "address",
        None,
        "A Trivy server that holds the database; unset, Trivy works alone.",
    ),
    Option(
        "DCE_TRIVY_TOKEN",
        parsers.secret,
        "secret",
        None,
        "The token of that server.",
        secret=True,
    ),
    Option(
        "DCE_TRIVY_CACHE",
        parsers.folder,
        "folder",
        None,
        "Where Trivy keeps its database; unset, a folder under DCE_DATA.",
    ),
    Option(
        "DCE_TRIVY_OFFLINE",
        parsers.boolean,
        "yes or no",
        "no",
        "Use the database in that folder as it is and ask nobody outside.",
    ),
    Option(
        "DCE_DOCKER_PASSWORDS",
        parsers.boolean,
        "yes or no",
        "yes",
        "Whether docker clients may sign in with a password; if not, only with personal tokens and robots.",
    ),
    Option(
        "DCE_WEBHOOK_PRIVATE_ADDRESSES",
        parsers.boolean,
        "yes or no",
        "no",
        "Whether webhooks may go to addresses inside private networks and on this machine.",
    ),
)


# Without slots: only one base of the whole configuration can have them.
@dataclass(frozen=True, kw_only=True)
class RegistryConfiguration:
    """The same, typed."""

    guard_fails: str
    registry_token_life_s: int
    trivy: Path | None
    trivy_server: str | None
    trivy_token: Secret | None
    trivy_cache: Path | None
    trivy_offline: bool
    docker_passwords: bool
    webhook_private_addresses: bool

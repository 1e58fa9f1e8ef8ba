"""What the portal asks of a registry, and the shapes of the answers.

Every method raises `dce_portal.errors.Unavailable` when the registry did not answer in time or
its answer cannot be used, and `NotFound` when it has no such repository or manifest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from dce_portal.secret import Secret

INDEX_TYPES = frozenset(
    {
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.index.v1+json",
    }
)
IMAGE_TYPES = frozenset(
    {
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
    }
)
MANIFEST_TYPES = INDEX_TYPES | IMAGE_TYPES
USER_AGENT = "dce-portal"


@dataclass(frozen=True, slots=True)
class LayerInfo:
    """One layer of an image, as its manifest lists it; `note` is a file's name or what an attestation says."""

    digest: str
    size_bytes: int
    media_type: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class ChildInfo:
    """One entry of an index; `platform` is like linux/arm64/v8, empty where the index says none."""

    digest: str
    media_type: str
    platform: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestInfo:
    """One manifest: an image has layers and a configuration, an index has children.

    `subject` is the digest of the manifest that it says something about; `facts` is what the
    configuration says of the image, in the shape of `adapters.image_config`.
    """

    digest: str
    media_type: str
    manifest_bytes: int
    size_bytes: int = 0
    config_digest: str = ""
    platform: str = ""
    layers: tuple[LayerInfo, ...] = ()
    children: tuple[ChildInfo, ...] = ()
    artifact_type: str = ""
    config_bytes: int = 0
    subject: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ArchiveInfo:
    """Which image a file holds: its version label, and its configuration's digest, which names it."""

    version: str
    config_digest: str


@dataclass(frozen=True, slots=True)
class Door:
    """An address on this machine that leads to the registry, with its own password, while it is open."""

    host: str
    username: str
    password: Secret


class ImagePushPort(Protocol):
    """The way into a registry for an image that is a file."""

    def push(self, path: Path, *, repository: str, tag: str) -> str:
        """Send what the registry lacks of it, then set the tag; returns the manifest's digest.

        Interrupted, it may be called again: what arrived is not sent twice. InvalidInput when
        the file holds no image.
        """
        ...

    def close(self) -> None:
        """Close the connections; calling it twice does no harm."""
        ...


class RegistryPort(Protocol):
    """One registry (OCI distribution)."""

    def repositories(self) -> Iterator[str]:
        """Every repository's name, page after page."""
        ...

    def tags(self, repository: str) -> tuple[str, ...]:
        """A repository's tags; empty when all were deleted."""
        ...

    def digest_of(self, repository: str, *, tag: str) -> str:
        """The digest that a tag points at; of a digest itself, if it is there."""
        ...

    def manifest(self, repository: str, *, digest: str) -> ManifestInfo:
        """Read one manifest, and an image's platform from its configuration."""
        ...

    def close(self) -> None:
        """Close the connections; calling it twice does no harm."""
        ...


@dataclass(frozen=True, slots=True)
class Challenge:
    """How a registry asks for a token, and what time it has; empty where it asks for none."""

    status: int
    realm: str = ""
    service: str = ""
    told_at: datetime | None = None


class ProbePort(Protocol):
    """What is asked of a registry to see whether it and the portal understand each other."""

    def challenge(self) -> Challenge:
        """Its answer to a request without a token; Unavailable when there is none."""
        ...

    def accepts(self, token: str) -> bool:
        """Whether it takes a token; Unavailable when it does not answer."""
        ...

    def close(self) -> None:
        """Close the connections; calling it twice does no harm."""
        ...

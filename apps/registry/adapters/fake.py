"""A registry in memory: the twin of the real one in tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from apps.registry.adapters.image_push import read_archive
from apps.registry.ports import ManifestInfo
from dce_portal.errors import NotFound, Unavailable


@dataclass(slots=True)
class FakeRegistry:
    """Repositories with manifests by digest and tags by name; `is_down` makes every call fail."""

    manifests: dict[str, dict[str, ManifestInfo]] = field(default_factory=dict)
    tag_digests: dict[str, dict[str, str]] = field(default_factory=dict)
    is_down: bool = False
    asked: list[str] = field(default_factory=list)

    def put(self, repository: str, manifest: ManifestInfo, *, tag: str | None = None) -> None:
        """Store a manifest, as a push would."""
        self.manifests.setdefault(repository, {})[manifest.digest] = manifest
        tags = self.tag_digests.setdefault(repository, {})
        if tag is not None:
            tags[tag] = manifest.digest

    def drop_tag(self, repository: str, *, tag: str) -> None:
        """Forget a tag, as a deletion would."""
        del self.tag_digests[repository][tag]

    def drop_repository(self, repository: str) -> None:
        """Forget a repository whole."""
        del self.tag_digests[repository], self.manifests[repository]

    def repositories(self) -> Iterator[str]:
        """Every repository's name, sorted as registries do."""
        self.check_up("repositories")
        yield from sorted(self.tag_digests)

    def tags(self, repository: str) -> tuple[str, ...]:
        """A repository's tags."""
        self.check_up(f"tags {repository}")
        return tuple(sorted(self._known(self.tag_digests, repository)))

    def digest_of(self, repository: str, *, tag: str) -> str:
        """The digest that a tag points at."""
        self.check_up(f"digest {repository}:{tag}")
        if ":" in tag:
            return self._known(self._known(self.manifests, repository), tag).digest
        return self._known(self._known(self.tag_digests, repository), tag)

    def manifest(self, repository: str, *, digest: str) -> ManifestInfo:
        """One stored manifest."""
        self.check_up(f"manifest {repository}@{digest}")
        return self._known(self._known(self.manifests, repository), digest)

    def close(self) -> None:
        """Nothing is open."""

    def check_up(self, what: str) -> None:
        """Note what is asked; refuse while it is down."""
        self.asked.append(what)
        if self.is_down:
            raise Unavailable("The registry did not answer (it is switched off in this test).")

    @staticmethod
    def _known[Found](rows: Mapping[str, Found], key: str) -> Found:
        if key not in rows:
            raise NotFound("The registry has no such repository or manifest.")
        return rows[key]


@dataclass(slots=True)
class FakePush:
    """The way into a registry in memory."""

    registry: FakeRegistry
    pushed: list[str] = field(default_factory=list)

    def push(self, path: Path, *, repository: str, tag: str) -> str:
        """Store the archive's image under one digest for equal content."""
        info = read_archive(path)
        self.registry.check_up(f"push {repository}")
        digest = f"sha256:{sha256(info.config_digest.encode()).hexdigest()}"
        manifest = ManifestInfo(
            digest=digest,
            media_type="application/vnd.docker.distribution.manifest.v2+json",
            manifest_bytes=1,
            size_bytes=1,
            config_digest=info.config_digest,
            platform="linux/amd64",
        )
        self.registry.put(repository, manifest, tag=tag)
        self.pushed.append(f"{repository}:{tag}")
        return digest

    def close(self) -> None:
        """Nothing is open."""

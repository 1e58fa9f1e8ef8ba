"""Weighs what comes against the rules for images and the quota: the same for a push and for what the portal fetches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.policies import backends
from apps.policies.models import Quota
from apps.policies.rules.deciding import ImageRuleFact, refused_image
from apps.policies.rules.images import declared_sizes, has_config, image_fact
from apps.policies.selectors.facts import image_rules_for, quota_of
from apps.policies.services.quotas import Arrival, admit
from apps.registry.ports import ManifestInfo
from apps.webhooks.services import raise_event
from dce_portal.errors import Conflict

__all__ = [
    "Part",
    "Refused",
    "Scales",
    "are_true",
    "blobs_of",
    "config_of",
    "declared_sizes",
    "image_refusal",
    "real_sizes",
    "scales_for",
]


class Refused(Conflict):
    """A rule for images or a quota keeps it out; the sentence says which."""


@dataclass(frozen=True, slots=True)
class Part:
    """One manifest of what comes, and its configuration where it has one."""

    manifest: ManifestInfo
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scales:
    """The rules for images and the quota of one repository."""

    repository: str
    image_rules: tuple[ImageRuleFact, ...]
    quota: Quota | None

    @property
    def weigh_anything(self) -> bool:
        """Whether there is anything to look at."""
        return bool(self.image_rules or self.quota)

    def admit(self, parts: Sequence[Part], *, new_tag: str) -> None:
        """Let an image in whole, noting it in the quota; Refused, and nothing noted, where it may not come."""
        for part in parts:
            if why := image_refusal(self.image_rules, part):
                raise Refused(why)
        if self.quota is None:
            return
        blobs = {digest: size for part in parts for digest, size in blobs_of(part.manifest).items()}
        arrival = Arrival(repository=self.repository, blobs=blobs, new_tag=new_tag)
        if why := admit(self.quota, arrival):
            told = {"reference": new_tag or parts[0].manifest.digest, "who": "", "reason": why}
            raise_event("quota", told, repository=self.repository)
            raise Refused(why)


def scales_for(repository: str) -> Scales:
    """In two queries."""
    quota = quota_of(repository.partition("/")[0])
    return Scales(repository, image_rules_for(repository), quota)


def config_of(manifest: ManifestInfo) -> str:
    """The digest of the configuration that says the platform; empty where none does."""
    return manifest.config_digest if has_config(manifest) else ""


def image_refusal(rules: Sequence[ImageRuleFact], part: Part) -> str | None:
    """Why a rule for images keeps this manifest out; None where none does."""
    if not rules:
        return None
    size_bytes = sum(real_sizes(part.manifest).values())
    return refused_image(rules, image_fact(part.manifest, part.config, size_bytes=size_bytes))


def real_sizes(manifest: ManifestInfo) -> dict[str, int]:
    """Bytes by digest of configuration and layers: as stored where files are at hand, else as declared."""
    declared = declared_sizes(manifest)
    files = backends.storage()
    if files is None:
        return declared
    return {digest: files.blob_bytes(digest) or size for digest, size in declared.items()}


def are_true(declared: Mapping[str, int]) -> bool:
    """Whether these blobs have the sizes that a manifest tells, as far as files are at hand."""
    files = backends.storage()
    if files is None:
        return True
    return all(files.blob_bytes(digest) in (None, size) for digest, size in declared.items())


def blobs_of(manifest: ManifestInfo) -> dict[str, int]:
    """The same with the manifest, which is a blob as well."""
    return {**real_sizes(manifest), manifest.digest: manifest.manifest_bytes}

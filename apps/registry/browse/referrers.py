"""What says something about an artifact: signatures, SBOMs, attestations, by `subject` and by the tag schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.registry.browse.artifact import Kind, Part, kind_of
from apps.registry.models import Manifest, Tag

MOST_REFERRERS = 100
# cosign's tags, and the fallback tag of the OCI specification, which is an index of referrers.
BY_SUFFIX = {
    ".sig": Kind(_("signature"), "verified"),
    ".att": Kind(_("attestation"), "fact_check"),
    ".sbom": Kind(_("SBOM"), "list_alt"),
}
REFERRER_TAGS = "sha256-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Referrer:
    """One statement about an artifact; `found_by` is `subject`, or the tag under which it lies."""

    kind: Kind
    manifest: Manifest
    about: str
    found_by: str
    tag: Tag | None = None

    @property
    def files(self) -> list[str]:
        """The names or kinds of what it holds."""
        return [str(layer["note"]) for layer in self.manifest.layers if layer.get("note")]


def referrers_of(manifest: Manifest, parts: Sequence[Part]) -> list[Referrer]:
    """Of the manifest and, in an index, of its parts; each once."""
    digests = [manifest.digest, *(part.manifest.digest for part in parts)]
    found: dict[str, Referrer] = {}
    for one in (*_by_subject(manifest, digests), *_by_tag(manifest, digests), *_beside(parts)):
        found.setdefault(one.manifest.digest, one)
    return list(found.values())


def _by_subject(manifest: Manifest, digests: Sequence[str]) -> Iterator[Referrer]:
    rows = Manifest.objects.filter(
        repository=manifest.repository_id, subject_digest__in=digests
    ).exclude(subject_digest="")
    for row in rows.order_by("-pushed_at", "-pk")[:MOST_REFERRERS]:
        yield Referrer(
            kind=kind_of(row), manifest=row, about=row.subject_digest, found_by="subject"
        )


def _by_tag(manifest: Manifest, digests: Sequence[str]) -> Iterator[Referrer]:
    names = {name: digest for digest in digests for name in tag_names(digest)}
    tags = Tag.objects.filter(
        repository=manifest.repository_id, name__in=names, missing_since=None
    ).select_related("manifest")
    for tag in tags[:MOST_REFERRERS]:
        about, suffix = names[tag.name], "." + tag.name.rpartition(".")[2]
        if suffix in BY_SUFFIX:
            yield Referrer(
                kind=BY_SUFFIX[suffix],
                manifest=tag.manifest,
                about=about,
                found_by=tag.name,
                tag=tag,
            )
        else:
            yield from _in_index(tag, about)


def _in_index(tag: Tag, about: str) -> Iterator[Referrer]:
    """The fallback tag holds the list that the registry's referrers API would give."""
    for row in Manifest.objects.filter(parents=tag.manifest)[:MOST_REFERRERS]:
        yield Referrer(kind=kind_of(row), manifest=row, about=about, found_by=tag.name, tag=tag)


def _beside(parts: Iterable[Part]) -> Iterator[Referrer]:
    """What docker's builder puts into the index beside the images."""
    for part in parts:
        if not part.is_image:
            kind = kind_of(part.manifest)
            yield Referrer(kind=kind, manifest=part.manifest, about="", found_by="index")


def tag_names(digest: str) -> list[str]:
    """The names under which clients put statements where a registry has no API for them."""
    algorithm, _colon, value = digest.partition(":")
    return [f"{algorithm}-{value}{suffix}" for suffix in ("", *BY_SUFFIX)]


def is_referrer_name() -> Any:  # noqa: ANN401 - a condition of Django's
    """Tags that hold statements about others, not images."""
    return Q(name__startswith=REFERRER_TAGS)

"""What a repository's tags lead to: through indexes to platforms, and from there to what is about them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from apps.policies.ports import StoredManifest


def kept_digests(
    manifests: Mapping[str, StoredManifest], *, roots: Iterable[str]
) -> frozenset[str]:
    """The roots, all that they name, and all whose subject is kept: signatures go with their image."""
    kept: set[str] = set()
    waiting = [digest for digest in roots if digest in manifests]
    about = _about(manifests.values())
    while waiting:
        digest = waiting.pop()
        if digest in kept:
            continue
        kept.add(digest)
        found = (*manifests[digest].names, *about.get(digest, ()))
        waiting += [one for one in found if one in manifests]
    return frozenset(kept)


def _about(manifests: Iterable[StoredManifest]) -> dict[str, list[str]]:
    by_subject: dict[str, list[str]] = {}
    for manifest in manifests:
        if manifest.subject:
            by_subject.setdefault(manifest.subject, []).append(manifest.digest)
    return by_subject


@dataclass(frozen=True, slots=True)
class Loose:
    """Manifests that nothing leads to, in the order in which they may be deleted."""

    digests: tuple[str, ...]


def loose_manifests(
    manifests: Collection[StoredManifest], *, roots: Iterable[str], older_than_s: float
) -> Loose:
    """What no tag and nothing that is kept leads to, and is old enough not to be a push under way.

    An index goes before its platforms, so that none is ever left with a platform missing.
    """
    known = {manifest.digest: manifest for manifest in manifests}
    young = {one.digest for one in manifests if one.age_s < older_than_s}
    kept = kept_digests(known, roots=(*roots, *young))
    loose = [one for one in manifests if one.digest not in kept]
    return Loose(tuple(one.digest for one in sorted(loose, key=_platforms_last)))


def _platforms_last(manifest: StoredManifest) -> tuple[int, str]:
    return (0 if manifest.names else 1, manifest.digest)

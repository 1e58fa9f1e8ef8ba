"""Finds, before and after tags were taken off, what nothing in a repository leads to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.utils import timezone

from apps.policies import backends
from apps.policies.ports import RegistryEditPort, StoredManifest
from apps.policies.rules.reachable import kept_digests, loose_manifests
from apps.policies.selectors.retention import RepositoryPlan, tag_facts
from apps.policies.services.editing import take_manifest
from apps.registry.backends import open_registry
from apps.registry.models import Manifest, Repository
from apps.registry.selectors import waiting_pushes
from dce_portal.errors import NotFound

DAY_S = 86_400.0
# The platforms of a push come before their index, which may take as long.
PUSH_WITHIN_S = 3600.0


def stray_tags(plan: RepositoryPlan) -> list[str]:
    """Tags that the registry lists and the catalogue does not know: nothing is deleted on such ground."""
    known = {verdict.tag.name for verdict in plan.verdicts}
    try:
        with open_registry() as port:
            listed = port.tags(plan.repository.name)
    except NotFound:
        listed = ()
    return sorted(set(listed) - known)


def drop_unnamed(port: RegistryEditPort, plan: RepositoryPlan, expired: Iterable[str]) -> list[str]:
    """Delete what only the expired tags led to, and what had no tag for long; returns the digests."""
    manifests = known_manifests(plan.repository)
    roots = _roots(port, plan)
    by_digest = {one.digest: one for one in manifests}
    kept = kept_digests(by_digest, roots=roots)
    led_to = kept_digests(by_digest, roots=expired)
    going = [one for one in _indexes_first(by_digest, led_to) if one not in kept]
    if plan.untagged_days is not None:
        age_s = max(plan.untagged_days * DAY_S, PUSH_WITHIN_S)
        old = loose_manifests(manifests, roots=roots, older_than_s=age_s).digests
        going += [one for one in old if one not in going]
    for digest in going:
        take_manifest(port, repository=plan.repository.name, digest=digest)
    return going


def _roots(port: RegistryEditPort, plan: RepositoryPlan) -> set[str]:
    """What tags lead to by the catalogue and by the registry, which may have heard of a move that we missed."""
    name, tags = plan.repository.name, tag_facts(plan.repository)
    now = {port.tag_digest(name, tag.name) for tag in tags}
    known = {tag.digest for tag in tags} | plan.used_digests | waiting_pushes(name)
    return known | {digest for digest in now if digest is not None}


def _indexes_first(manifests: dict[str, StoredManifest], digests: Iterable[str]) -> Iterator[str]:
    yield from sorted(digests, key=lambda digest: (not manifests[digest].names, digest))


def known_manifests(repository: Repository) -> list[StoredManifest]:
    """As the registry's files have them; where those are elsewhere, as the catalogue does."""
    files = backends.storage()
    if files is not None:
        return list(files.manifests(repository.name))
    now = timezone.now()
    rows = Manifest.objects.filter(repository=repository, missing_since=None)
    return [_of_row(row, now) for row in rows.prefetch_related("children")]


def _of_row(row: Manifest, now: datetime) -> StoredManifest:
    names = frozenset(child.digest for child in row.children.all())
    age_s = (now - row.pushed_at).total_seconds()
    return StoredManifest(row.digest, age_s, names, row.subject_digest)

"""Writes what the registry holds into the catalogue: repositories, manifests, tags.

Reading from the registry and writing rows are two steps, so that no transaction stays open
while the registry answers. Writing the same thing twice changes nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from apps.registry.models import Manifest, Namespace, Repository, Tag
from apps.registry.ports import ManifestInfo, RegistryPort
from apps.registry.rights import namespace_of
from apps.registry.services import contents
from dce_portal.errors import NotFound

MOST_CHILDREN = 128


@dataclass(frozen=True, slots=True)
class Push:
    """When and by whom something came into the registry ("" where nobody knows)."""

    at: datetime
    by: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A manifest with those of its children that were not known yet."""

    manifest: ManifestInfo
    children: tuple[ManifestInfo, ...] = ()


def read_unknown(port: RegistryPort, *, repository: str, digest: str) -> Reading | None:
    """Ask the registry for a manifest and its unknown children; None when it is known whole."""
    if _known_digests(repository, [digest]):
        return None
    manifest = port.manifest(repository, digest=digest)
    wanted = [child.digest for child in manifest.children[:MOST_CHILDREN]]
    known = _known_digests(repository, wanted)
    unknown = (wanted_one for wanted_one in wanted if wanted_one not in known)
    read = (_child(port, repository, child) for child in unknown)
    return Reading(manifest, tuple(child for child in read if child is not None))


def _child(port: RegistryPort, repository: str, digest: str) -> ManifestInfo | None:
    """An index may name children that nobody pushed."""
    try:
        return port.manifest(repository, digest=digest)
    except NotFound:
        return None


def _known_digests(repository: str, digests: list[str]) -> set[str]:
    rows = Manifest.objects.filter(repository__name=repository, digest__in=digests)
    current = rows.filter(is_complete=True, facts_version__gte=contents.FACTS_VERSION)
    return set(current.values_list("digest", flat=True))


def require_namespace(repository: str) -> Namespace:
    """The namespace that a repository's name lies in; NotFound when nobody made it."""
    namespace = Namespace.objects.filter(name=namespace_of(repository) or "").first()
    if namespace is None:
        raise NotFound(
            _("There is no namespace for %(name)s. Create it; the next reconcile fills it.")
            % {"name": repository}
        )
    return namespace


def ensure_repository(name: str, *, at: datetime) -> Repository:
    """The repository's row, made on its first push; NotFound when its namespace does not exist."""
    repository, made = Repository.objects.get_or_create(
        name=name, defaults={"namespace": require_namespace(name), "created_at": at}
    )
    if made:
        contents.note_name(repository)
    if repository.missing_since is not None:
        Repository.objects.filter(pk=repository.pk).update(missing_since=None)
    return repository


def store_manifest(
    repository: Repository, *, digest: str, reading: Reading | None, push: Push
) -> Manifest:
    """The manifest's row with what was read; without a reading, the row as it is known."""
    if reading is None:
        manifest, _made = Manifest.objects.get_or_create(
            repository=repository, digest=digest, defaults=_pushed(push)
        )
    else:
        for child in reading.children:
            _store_read(repository, child, push)
        manifest = _store_read(repository, reading.manifest, push)
        _link_children(manifest, reading.manifest)
    _take_back(manifest)
    return manifest


def _take_back(manifest: Manifest) -> None:
    """It is there again, and its platforms with it."""
    named = Q(pk=manifest.pk) | Q(parents=manifest.pk)
    missing = Manifest.objects.filter(named, missing_since__isnull=False)
    if keys := list(missing.values_list("pk", flat=True)):
        Manifest.objects.filter(pk__in=keys).update(missing_since=None)
        contents.mark_stale(manifest.repository_id)


def _pushed(push: Push) -> dict[str, Any]:
    return {"pushed_at": push.at, "pushed_by": push.by}


def _store_read(repository: Repository, info: ManifestInfo, push: Push) -> Manifest:
    facts = {
        "media_type": info.media_type[:128],
        "manifest_bytes": info.manifest_bytes,
        "size_bytes": info.size_bytes,
        "config_digest": info.config_digest[:160],
        "layers": [asdict(layer) for layer in info.layers],
        "platform": info.platform,
        "is_complete": True,
        "artifact_type": info.artifact_type[:128],
        "subject_digest": info.subject[:160],
        "annotations": dict(info.annotations),
        "facts": dict(info.facts),
        "facts_version": contents.FACTS_VERSION,
    }
    manifest, _made = Manifest.objects.update_or_create(
        repository=repository,
        digest=info.digest,
        defaults=facts,
        create_defaults={**facts, **_pushed(push)},
    )
    contents.note_contents(manifest, info)
    return manifest


def _link_children(manifest: Manifest, info: ManifestInfo) -> None:
    """Point an index at its platforms; its size is theirs together."""
    if not info.children:
        return
    platforms = {child.digest: child.platform for child in info.children}
    rows = list(Manifest.objects.filter(repository_id=manifest.repository_id, digest__in=platforms))
    for row in rows:
        row.platform = row.platform or platforms[row.digest]
    Manifest.objects.bulk_update(rows, ["platform"])
    manifest.children.set(rows)
    manifest.size_bytes = sum(row.size_bytes for row in rows)
    manifest.save(update_fields=["size_bytes"])


def point_tag(manifest: Manifest, *, name: str, push: Push) -> None:
    """Let a tag point at a manifest, unless a later push moved it elsewhere already.

    A reconcile, which knows no pusher, leaves the known one of a tag that did not move.
    """
    tag, made = Tag.objects.get_or_create(
        repository_id=manifest.repository_id,
        name=name,
        defaults={"manifest": manifest, **_pushed(push)},
    )
    if made:
        contents.note_move(manifest, tag_name=name, at=push.at, by=push.by)
    if made or tag.pushed_at > push.at:
        return
    if tag.manifest_id != manifest.pk:
        contents.note_move(manifest, tag_name=name, at=push.at, by=push.by)
    if push.by or tag.manifest_id != manifest.pk:
        tag.manifest, tag.pushed_at, tag.pushed_by = manifest, push.at, push.by
    tag.missing_since = None
    tag.save(update_fields=["manifest", "pushed_at", "pushed_by", "missing_since"])


def note_push(repository: Repository, *, at: datetime) -> None:
    """Move the repository's last push forward."""
    earlier = Q(last_pushed_at=None) | Q(last_pushed_at__lt=at)
    Repository.objects.filter(earlier, pk=repository.pk).update(last_pushed_at=at)

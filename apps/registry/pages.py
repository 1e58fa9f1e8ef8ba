"""What the registry's own pages show, each in a number of queries that does not grow with the registry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.registry import selectors
from apps.registry.browse.artifact import kind_of, parts_of
from apps.registry.browse.referrers import is_referrer_name, referrers_of
from apps.registry.browse.search import search
from apps.registry.browse.trends import pulls_of, sizes_of, stored_for
from apps.registry.browse.uses import uses_of
from apps.registry.extensions import TagMark, marks_of
from apps.registry.key_files import own_key_files
from apps.registry.models import (
    Manifest,
    Namespace,
    Repository,
    Role,
    Tag,
    TagMove,
)
from apps.registry.ports import INDEX_TYPES
from apps.registry.readme import readme_html
from apps.registry.services import check_registry

MOVES_SHOWN = 50
NAMESPACES_SHOWN = 20
SIBLINGS_SHOWN = 50
TAGS_SHOWN = 50
GRANTS_SHOWN = 50
REPOSITORIES_SHOWN = 100
EVERYTHING = _("everything (superuser)")
PUBLIC = _("pull (it is public)")


@dataclass(frozen=True, slots=True)
class TagRow:
    """A tag in a list, with its marks."""

    tag: Tag
    marks: tuple[TagMark, ...]


def repository_page(user: selectors.Person, repository: Repository) -> dict[str, Any]:
    """Size, the person's role, what it is for, the latest tags, and who else may do what."""
    tags = selectors.tags_visible_to(user).filter(repository=repository)
    images = tags.exclude(is_referrer_name())
    shown = list(images[:TAGS_SHOWN])
    row = Repository.objects.get(pk=repository.pk)
    return {
        "repository": row,
        "tag_count": images.filter(missing_since=None).count(),
        "tags": shown,
        "rows": rows_of(shown),
        "readme": readme_html(row.readme),
        "may_describe": selectors.may_describe(user, repository),
        "pulls": pulls_of(repository),
        "role": role_in(user, repository.namespace, repository=repository),
        "grants": _grants(user, repository),
        "may_manage": selectors.may_manage(user, repository.namespace),
    }


def _grants(user: selectors.Person, repository: Repository) -> list[Any]:
    concerned = Q(repository=repository) | Q(namespace=repository.namespace_id, repository=None)
    return list(selectors.grants_visible_to(user).filter(concerned)[:GRANTS_SHOWN])


def role_in(
    user: selectors.Person, namespace: Namespace, *, repository: Repository | None = None
) -> str:
    """The person's highest role there, in words; empty where there is none."""
    if getattr(user, "is_superuser", False):
        return str(EVERYTHING)
    mine = selectors.grants_of(user).filter(namespace=namespace)
    scope = Q(repository=None) | Q(repository=repository) if repository else Q(repository=None)
    held = set(mine.filter(scope).values_list("role", flat=True))
    roles = [role for role in Role if role in held]
    if roles:
        return str(roles[-1].label)
    return str(PUBLIC) if namespace.is_public else ""


def namespace_page(user: selectors.Person, namespace: Namespace) -> dict[str, Any]:
    """Its repositories with their sizes, the largest first, and the person's role."""
    visible = selectors.repositories_visible_to(user).filter(namespace=namespace)
    sized = selectors.with_tag_counts(visible).order_by(F("stored_bytes").desc(), "name")
    stored, is_whole = stored_for(user, namespace)
    return {
        "namespace": namespace,
        "repositories": list(sized[:REPOSITORIES_SHOWN]),
        "repository_total": visible.count(),
        "stored_bytes": stored,
        "growth": sizes_of(namespace) if is_whole else None,
        "role": role_in(user, namespace),
    }


def tag_page(user: selectors.Person, tag: Tag) -> dict[str, Any]:
    """What it points at, part by part, with all that is known of it."""
    manifest = Manifest.objects.get(pk=tag.manifest_id)
    parts = parts_of(user, manifest)
    return {
        "tag": tag,
        "manifest": manifest,
        "is_index": manifest.media_type in INDEX_TYPES,
        "kind": kind_of(manifest),
        "parts": parts,
        "images": [part for part in parts if part.is_image],
        "referrers": referrers_of(manifest, parts),
        "moves": moves_of(tag),
        "uses": uses_of(user, tag),
        "pulls": pulls_of(tag.repository, digest=manifest.digest),
        "siblings": siblings_of(tag),
    }


def moves_of(tag: Tag) -> list[TagMove]:
    """What the tag pointed at, the latest first."""
    moves = TagMove.objects.filter(repository=tag.repository_id, tag_name=tag.name)
    return list(moves[:MOVES_SHOWN])


def check_page(*, shows_bundle: bool) -> dict[str, Any]:
    """What was found just now, and the key that signs; the bundle for a registry that a person looks after."""
    files, findings = own_key_files(), check_registry()
    states = {finding.state for finding in findings}
    return {
        "findings": findings,
        "worst": next((state for state in ("bad", "late") if state in states), "good"),
        "stage": str(files.stage()),
        "certificate_ends": files.certificate().not_valid_after_utc,
        "certificate_count": len(files.certificates()),
        "is_embedded": not settings.REGISTRY_URL,
        "bundle": files.bundle.read_text(encoding="ascii") if shows_bundle else "",
    }


def siblings_of(tag: Tag) -> list[Tag]:
    """Other tags of the same manifest."""
    same = Tag.objects.filter(manifest=tag.manifest_id, missing_since=None).exclude(pk=tag.pk)
    return list(same.order_by("name")[:SIBLINGS_SHOWN])


def search_page(user: selectors.Person, query: str) -> dict[str, Any]:
    """What was found, with the marks of the tags."""
    found = search(user, query)
    return {"found": found, "rows": rows_of(found.tags)}


def rows_of(tags: Sequence[Tag]) -> list[TagRow]:
    """Tags with the marks that other apps hang on them."""
    marks = marks_of(tags)
    return [TagRow(tag, marks.get(tag.pk, ())) for tag in tags]


def largest_namespaces() -> list[Namespace]:
    """Those that store most, for whoever looks after the whole registry."""
    return list(Namespace.objects.order_by("-stored_bytes", "name")[:NAMESPACES_SHOWN])

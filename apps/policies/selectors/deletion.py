"""What goes along when a manifest is deleted, and what forbids it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _

from apps.policies.rules.deciding import refused_tag
from apps.policies.selectors.facts import tag_rules_for
from apps.policies.selectors.uses import used_in
from apps.policies.selectors.visible import role_in
from apps.registry.models import Manifest, Tag
from apps.registry.selectors import Person, tags_of_digest

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """One manifest, or one tag of it when `tag` is set: all that goes along, and why it may not."""

    manifest: Manifest
    tag: Tag | None
    tags: tuple[str, ...]
    parents: tuple[Manifest, ...]
    children: tuple[Manifest, ...]
    blocked: str

    @property
    def siblings(self) -> tuple[str, ...]:
        """Tags that stay when only one is taken."""
        return tuple(name for name in self.tags if self.tag is None or name != self.tag.name)


def deletion_of(user: Person | None, manifest: Manifest, *, tag: Tag | None = None) -> Deletion:
    """Tags of the digest, indexes that name it, and platforms that nothing else names afterwards.

    Without a person only what holds for everybody is looked at.
    """
    repository = manifest.repository
    tags = tuple(sorted(tags_of_digest(repository.name, digest=manifest.digest)))
    going = (tag.name,) if tag is not None else tags
    parents = tuple(manifest.parents.filter(missing_since=None).order_by("digest")[:MOST_SHOWN])
    role = "owner" if user is None else role_in(user, repository)
    return Deletion(
        manifest=manifest,
        tag=tag,
        tags=tags,
        parents=parents,
        children=() if tag is not None else _lone_children(manifest),
        blocked=_rules_against(repository.name, going, role)
        or ("" if tag is not None else _parents_against(parents))
        or _uses_against(repository.name, going, "" if tag is not None else manifest.digest),
    )


def _lone_children(manifest: Manifest) -> tuple[Manifest, ...]:
    """An index's platforms that have no tag and no other index; they stay until retention takes them."""
    # Not through the relation itself: its join would be counted as the only parent.
    children = Manifest.objects.filter(pk__in=manifest.children.values("pk"), tags=None)
    lone = children.annotate(parent_count=Count("parents")).filter(parent_count=1)
    return tuple(lone.order_by("platform", "digest")[:MOST_SHOWN])


def _rules_against(repository: str, tags: tuple[str, ...], role: str) -> str:
    rules = tag_rules_for(repository)
    for name in tags:
        if why := refused_tag(rules, tag=name, role=role, verb="delete"):
            return why
    return ""


def _parents_against(parents: tuple[Manifest, ...]) -> str:
    if not parents:
        return ""
    return _(
        "%(count)s indexes name this image; without it they could not be pulled for its platform."
        " Delete the index instead."
    ) % {"count": len(parents)}


def _uses_against(repository: str, tags: tuple[str, ...], digest: str) -> str:
    used_tags, used_digests = used_in(repository)
    names = [name for name in tags if name in used_tags]
    if names:
        return _("A service or container uses %(tags)s.") % {"tags": ", ".join(names)}
    if digest and digest in used_digests:
        return _("A service or container uses this digest.")
    return ""


def as_json(deletion: Deletion) -> dict[str, Any]:
    """For the API."""
    return {
        "repository": deletion.manifest.repository.name,
        "digest": deletion.manifest.digest,
        "tag": deletion.tag.name if deletion.tag else None,
        "tags": list(deletion.tags),
        "indexes": [parent.digest for parent in deletion.parents],
        "platforms": [child.digest for child in deletion.children],
        "blocked": deletion.blocked,
    }

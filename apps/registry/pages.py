"""What the registry's own pages show, each in a number of queries that does not grow with the registry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.registry import selectors
from apps.registry.key_files import own_key_files
from apps.registry.models import UNKNOWN_PLATFORM, Manifest, Namespace, Repository, Role, Tag
from apps.registry.ports import INDEX_TYPES
from apps.registry.services import check_registry

TAGS_SHOWN = 50
GRANTS_SHOWN = 50
REPOSITORIES_SHOWN = 100
EVERYTHING = _("everything (superuser)")
PUBLIC = _("pull (it is public)")


@dataclass(frozen=True, slots=True)
class LayerBar:
    """A layer with its size as a share of the largest beside it."""

    digest: str
    size_bytes: int
    share: float


@dataclass(frozen=True, slots=True)
class Part:
    """One manifest of a tag: an image for a platform, or an attestation beside one."""

    manifest: Manifest
    layers: tuple[LayerBar, ...]

    @property
    def is_image(self) -> bool:
        """False for what an index carries beside its images."""
        return self.manifest.platform != UNKNOWN_PLATFORM


def repository_page(user: selectors.Person, repository: Repository) -> dict[str, Any]:
    """Size, the person's role, the latest tags, and who else may do what."""
    tags = selectors.tags_visible_to(user).filter(repository=repository)
    return {
        "repository": selectors.with_sizes(Repository.objects.filter(pk=repository.pk)).get(),
        "tag_count": tags.filter(missing_since=None).count(),
        "tags": list(tags[:TAGS_SHOWN]),
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
    sized = selectors.with_tag_counts(selectors.with_sizes(visible)).order_by(
        F("stored_bytes").desc(), "name"
    )
    rows = list(sized[:REPOSITORIES_SHOWN])
    return {
        "namespace": namespace,
        "repositories": rows,
        "stored_bytes": sum(row.stored_bytes for row in rows),  # type: ignore[attr-defined]  # annotated
        "role": role_in(user, namespace),
    }


def tag_page(tag: Tag) -> dict[str, Any]:
    """The manifest that it points at, part by part, with their layers."""
    manifest = tag.manifest
    is_index = manifest.media_type in INDEX_TYPES
    children = Manifest.objects.filter(parents=manifest).order_by("platform", "digest")
    parts = [Part(child, bars(child)) for child in (children if is_index else [manifest])]
    return {
        "tag": tag,
        "manifest": manifest,
        "is_index": is_index,
        "parts": sorted(parts, key=lambda part: not part.is_image),
    }


def bars(manifest: Manifest) -> tuple[LayerBar, ...]:
    """The manifest's layers in their order; rows that are no layers are passed over."""
    layers = list(_layers(manifest))
    largest = max((size for _digest, size in layers), default=0) or 1
    return tuple(LayerBar(digest, size, size / largest) for digest, size in layers)


def _layers(manifest: Manifest) -> Iterator[tuple[str, int]]:
    for layer in manifest.layers:
        yield str(layer["digest"]), int(layer["size_bytes"])


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

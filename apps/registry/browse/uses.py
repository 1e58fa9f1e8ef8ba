"""Which running services use a tag: read from the services that the person may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apps.workloads.selectors import services_visible_to

if TYPE_CHECKING:
    from apps.registry.models import Tag

MOST_CANDIDATES = 1000
MOST_USES = 100


@dataclass(frozen=True, slots=True)
class Use:
    """A service that names the tag, and whether it runs what the tag points at now."""

    service: Any
    is_current: bool


def uses_of(user: Any, tag: Tag) -> list[Use]:  # noqa: ANN401 - a person or a visitor
    """By repository and tag, or by the digest, under whatever name of the registry."""
    candidates = services_visible_to(user).filter(image__contains=f"/{tag.repository.name}")
    found = (_use(service, tag) for service in candidates[:MOST_CANDIDATES])
    return [use for use in found if use is not None][:MOST_USES]


def _use(service: Any, tag: Tag) -> Use | None:  # noqa: ANN401 - another app's row
    repository, name, digest = parts_of_image(service.image)
    if repository != tag.repository.name:
        return None
    if digest == tag.manifest.digest:
        return Use(service, is_current=True)
    if name == tag.name:
        return Use(service, is_current=not digest)
    return None


def parts_of_image(image: str) -> tuple[str, str, str]:
    """Repository without the registry's host, tag and digest of what a service names."""
    name, _at, digest = image.partition("@")
    path = name.partition("/")[2]
    repository, colon, tag = path.rpartition(":")
    if not colon:
        repository, tag = path, "" if digest else "latest"
    return repository, tag, digest

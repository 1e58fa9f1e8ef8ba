"""The portal's own images in its own registry, so that joining a node needs no other.

The agent's image comes as a file (DCE_AGENT_IMAGE), is put into the public namespace `dce` when
the registry lacks it, and is then pulled by nodes under whatever name they reach the portal by.
"""

from __future__ import annotations

from pathlib import Path

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.registry.models import Namespace, Tag
from apps.registry.ports import ArchiveInfo, ImagePushPort, RegistryPort
from apps.registry.services import catalogue
from apps.registry.services.catalogue import Push
from apps.registry.services.namespaces import create_namespace
from dce_portal.errors import NotFound
from dce_portal.origin import PORTAL

log = structlog.get_logger(__name__)

NAMESPACE = "dce"
AGENT_REPOSITORY = f"{NAMESPACE}/agent"
UNVERSIONED = "latest"


def agent_version() -> str | None:
    """The version of the agent's image that the portal put there last; None before it did.

    A tag that a person pushed there is nobody's agent.
    """
    tags = Tag.objects.filter(
        repository__name=AGENT_REPOSITORY, missing_since=None, pushed_by=PORTAL.actor_label
    )
    return tags.order_by("-pushed_at").values_list("name", flat=True).first()


def agent_image_reference(host: str) -> str | None:
    """What a node pulls that reaches the portal's registry as `host` (with its port)."""
    version = agent_version()
    return f"{host}/{AGENT_REPOSITORY}:{version}" if version else None


def publish_agent_image(
    path: Path, archive: ArchiveInfo, *, registry: RegistryPort, pusher: ImagePushPort
) -> bool:
    """Put the agent's image into the registry unless it is there; True when it was put there now.

    What was interrupted is taken up where it stopped, by calling this again.
    """
    tag = archive.version or UNVERSIONED
    _ensure_namespace()
    digest = _digest_in(registry, tag=tag, archive=archive)
    is_missing = digest is None
    if digest is None:
        digest = pusher.push(path, repository=AGENT_REPOSITORY, tag=tag)
        log.info("agent_image_published", tag=tag, digest=digest)
    _tell_catalogue(registry, tag=tag, digest=digest)
    return is_missing


def _ensure_namespace() -> None:
    """Public, since a node that joins has no login yet; one that a person has changed is left alone."""
    if not Namespace.objects.filter(name=NAMESPACE).exists():
        description = _("Images of the portal itself")
        create_namespace(name=NAMESPACE, description=description, is_public=True, origin=PORTAL)


def _digest_in(registry: RegistryPort, *, tag: str, archive: ArchiveInfo) -> str | None:
    """The manifest's digest, when the tag points at the very image of the archive."""
    try:
        digest = registry.digest_of(AGENT_REPOSITORY, tag=tag)
        found = registry.manifest(AGENT_REPOSITORY, digest=digest)
    except NotFound:
        return None
    return digest if found.config_digest == archive.config_digest else None


def _tell_catalogue(registry: RegistryPort, *, tag: str, digest: str) -> None:
    """The portal ignores events of its own requests, so the row is written here."""
    known = Tag.objects.filter(
        repository__name=AGENT_REPOSITORY, name=tag, manifest__digest=digest, missing_since=None
    )
    if known.exists():
        return
    reading = catalogue.read_unknown(registry, repository=AGENT_REPOSITORY, digest=digest)
    push = Push(at=timezone.now(), by=PORTAL.actor_label)
    with transaction.atomic():
        row = catalogue.ensure_repository(AGENT_REPOSITORY, at=push.at)
        manifest = catalogue.store_manifest(row, digest=digest, reading=reading, push=push)
        catalogue.point_tag(manifest, name=tag, push=push)
        catalogue.note_push(row, at=push.at)

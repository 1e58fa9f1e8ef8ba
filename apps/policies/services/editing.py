"""Takes tags and manifests out of the registry and the catalogue alike."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.policies import backends
from apps.policies.models import Collection
from apps.policies.models.collection import FINAL_STEPS
from apps.policies.ports import RegistryEditPort
from apps.registry.services.removing import forget_manifest, forget_tag
from dce_portal.errors import Conflict


def refuse_while_collecting() -> None:
    """Nothing is changed in a registry whose garbage is being collected."""
    busy = Collection.objects.filter(is_dry_run=False).exclude(step__in=FINAL_STEPS).exists()
    if busy or (backends.is_embedded() and backends.collector().is_read_only()):
        raise Conflict(
            _("The registry is read-only while its garbage is collected; try again afterwards.")
        )


def take_tag(port: RegistryEditPort, *, repository: str, tag: str, tag_pk: int) -> None:
    """Take one tag off its manifest; its siblings stay."""
    port.untag(repository, tag)
    forget_tag(tag_pk)


def take_manifest(port: RegistryEditPort, *, repository: str, digest: str) -> None:
    """Delete a manifest with all its tags."""
    port.delete_manifest(repository, digest)
    forget_manifest(repository, digest)

"""Deletes one tag, or one manifest with all its tags, as an operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from apps.policies import backends
from apps.policies.selectors.deletion import Deletion, deletion_of
from apps.policies.selectors.visible import may_delete_in
from apps.policies.services.editing import refuse_while_collecting, take_manifest, take_tag
from apps.registry.models import Manifest, Tag
from dce_portal.errors import Conflict, NotFound, PermissionDenied
from dce_portal.models import Operation
from dce_portal.operations import OperationRun, Target, operation_handler, start_operation
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from apps.accounts.models import User

KIND = "registry.delete"


def request_deletion(
    manifest: Manifest, *, origin: Origin, user: User, tag: Tag | None = None
) -> Operation:
    """Start it; Conflict with the sentence that says what stands against it."""
    if not may_delete_in(user, manifest.repository):
        raise PermissionDenied(_("Deleting needs the role maintainer in this repository."))
    deletion = deletion_of(user, manifest, tag=tag)
    if deletion.blocked:
        raise Conflict(_("Nothing was deleted: %(why)s") % {"why": deletion.blocked})
    refuse_while_collecting()
    name = manifest.repository.name
    title = _("Delete %(name)s") % {
        "name": f"{name}:{tag.name}" if tag else f"{name}@{manifest.digest[:19]}"
    }
    return start_operation(
        KIND,
        title=title,
        target=Target("repository", str(manifest.repository_id), name),
        origin=origin,
        parameters={"manifest": manifest.pk, "tag": tag.pk if tag else None},
    )


@operation_handler(KIND)
def _delete(run: OperationRun) -> Mapping[str, Any]:
    manifest, tag = _rows(run.parameters)
    refuse_while_collecting()
    deletion = deletion_of(None, manifest, tag=tag)
    if deletion.blocked:
        raise Conflict(_("Nothing was deleted: %(why)s") % {"why": deletion.blocked})
    repository = manifest.repository.name
    with backends.open_edit() as port:
        if tag is None:
            take_manifest(port, repository=repository, digest=manifest.digest)
            run.say(_("Deleted %(digest)s.") % {"digest": manifest.digest})
            return {"tags": list(deletion.tags)}
        _refuse_moved(port.tag_digest(repository, tag.name), manifest, tag)
        take_tag(port, repository=repository, tag=tag.name, tag_pk=tag.pk)
    _tell_siblings(run, deletion)
    return {"tags": [tag.name]}


def _rows(parameters: Mapping[str, Any]) -> tuple[Manifest, Tag | None]:
    manifest = (
        Manifest.objects.select_related("repository").filter(pk=parameters["manifest"]).first()
    )
    key = parameters["tag"]
    tag = Tag.objects.filter(pk=key).first() if key is not None else None
    if manifest is None or (key is not None and tag is None):
        raise NotFound(_("It was deleted already; nothing was changed."))
    return manifest, tag


def _refuse_moved(found: str | None, manifest: Manifest, tag: Tag) -> None:
    if found is not None and found != manifest.digest:
        message = _("The tag %(tag)s was pushed again meanwhile; nothing was deleted.")
        raise Conflict(message % {"tag": tag.name})


def _tell_siblings(run: OperationRun, deletion: Deletion) -> None:
    if deletion.siblings:
        names = ", ".join(deletion.siblings)
        run.say(_("Took the tag off; its siblings stay: %(tags)s.") % {"tags": names})
    else:
        run.say(_("Took the tag off; the manifest has no tag now."))

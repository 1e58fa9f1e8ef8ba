"""Writes a repository's README."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.services import record_audit
from apps.registry.models import Repository
from apps.registry.readme import LONGEST_README
from dce_portal.errors import InvalidInput
from dce_portal.operations import Target
from dce_portal.origin import Origin
from dce_portal.storable import storable_text


@transaction.atomic
def write_readme(repository: Repository, *, text: str, by: str, origin: Origin) -> Repository:
    """Replace the README; an empty text removes it. InvalidInput when it is too long."""
    if len(text) > LONGEST_README:
        message = _("A README holds at most %(most)d characters.") % {"most": LONGEST_README}
        raise InvalidInput(message, field="readme")
    repository.readme = storable_text(text).strip()
    repository.readme_by, repository.readme_at = by[:150], timezone.now()
    repository.save(update_fields=["readme", "readme_by", "readme_at"])
    target = Target("repository", str(repository.pk), repository.name)
    record_audit("repository.readme", origin=origin, target=target, detail={"length": len(text)})
    return repository

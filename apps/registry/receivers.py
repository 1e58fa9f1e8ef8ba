"""Hears what Django tells of rows: a manifest that goes takes its blobs along, so the sizes are reckoned anew."""

from __future__ import annotations

from django.db.models.signals import post_delete

from apps.registry.models import Manifest
from apps.registry.services.contents import mark_stale


def connect() -> None:
    """Once, when the app is ready."""
    post_delete.connect(_manifest_went, sender=Manifest, dispatch_uid="registry.manifest_went")


def _manifest_went(instance: Manifest, **_unused: object) -> None:
    mark_stale(instance.repository_id)

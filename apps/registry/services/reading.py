"""Reads a manifest that a client is about to push."""

from __future__ import annotations

import hashlib

from django.utils.translation import gettext as _

from apps.registry.adapters.manifests import ManifestUnreadable, parse_manifest
from apps.registry.ports import ManifestInfo
from dce_portal.errors import InvalidInput


def read_manifest(body: bytes, *, media_type: str) -> ManifestInfo:
    """What the bytes say, under their own digest; InvalidInput when they are no manifest."""
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    try:
        kind = media_type.partition(";")[0].strip().lower()
        return parse_manifest(body, digest=digest, media_type=kind)
    except (ManifestUnreadable, RecursionError) as error:
        raise InvalidInput(_("the manifest cannot be read: %(why)s") % {"why": error}) from error

"""What acts in the registry; other apps call what is named here."""

from __future__ import annotations

from apps.registry.services.check import check_registry
from apps.registry.services.exchange import (
    digest_behind,
    images_behind,
    open_reading_door,
    open_writing_door,
    own_registry,
    present_tags,
    unknown_digests,
)
from apps.registry.services.grants import grant_role, revoke_grant
from apps.registry.services.key_rotation import request_key_rotation
from apps.registry.services.logins import revoke_docker_login
from apps.registry.services.namespaces import create_namespace, delete_namespace, update_namespace

__all__ = [
    "check_registry",
    "create_namespace",
    "delete_namespace",
    "digest_behind",
    "grant_role",
    "images_behind",
    "open_reading_door",
    "open_writing_door",
    "own_registry",
    "present_tags",
    "request_key_rotation",
    "revoke_docker_login",
    "revoke_grant",
    "unknown_digests",
    "update_namespace",
]

"""What acts in the registry; other apps call what is named here."""

from __future__ import annotations

from apps.registry.services.check import check_registry
from apps.registry.services.grants import grant_role, revoke_grant
from apps.registry.services.key_rotation import request_key_rotation
from apps.registry.services.logins import revoke_docker_login
from apps.registry.services.namespaces import create_namespace, delete_namespace, update_namespace

__all__ = [
    "check_registry",
    "create_namespace",
    "delete_namespace",
    "grant_role",
    "request_key_rotation",
    "revoke_docker_login",
    "revoke_grant",
    "update_namespace",
]

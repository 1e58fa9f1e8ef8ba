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
from apps.registry.services.robots import RobotWish, make_robot, revoke_robot, rotate_robot

__all__ = [
    "RobotWish",
    "check_registry",
    "create_namespace",
    "delete_namespace",
    "digest_behind",
    "grant_role",
    "images_behind",
    "make_robot",
    "open_reading_door",
    "open_writing_door",
    "own_registry",
    "present_tags",
    "request_key_rotation",
    "revoke_docker_login",
    "revoke_grant",
    "revoke_robot",
    "rotate_robot",
    "unknown_digests",
    "update_namespace",
]

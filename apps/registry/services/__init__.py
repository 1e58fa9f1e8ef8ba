"""What acts in the registry; other apps call what is named here."""

from __future__ import annotations

from apps.registry.services.grants import grant_role, revoke_grant
from apps.registry.services.logins import revoke_docker_login
from apps.registry.services.namespaces import create_namespace, delete_namespace, update_namespace
from apps.registry.services.robots import RobotWish, make_robot, revoke_robot, rotate_robot

__all__ = [
    "RobotWish",
    "create_namespace",
    "delete_namespace",
    "grant_role",
    "make_robot",
    "revoke_docker_login",
    "revoke_grant",
    "revoke_robot",
    "rotate_robot",
    "update_namespace",
]

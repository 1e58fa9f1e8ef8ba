"""The registry's pages: namespaces, repositories, tags, grants, docker logins, events."""

from __future__ import annotations

from apps.registry.admin.access import DockerLoginAdmin, GrantAdmin
from apps.registry.admin.catalogue import RepositoryAdmin, TagAdmin
from apps.registry.admin.events import RegistryEventAdmin
from apps.registry.admin.namespaces import NamespaceAdmin
from apps.registry.admin.robots import RobotAdmin

__all__ = [
    "DockerLoginAdmin",
    "GrantAdmin",
    "NamespaceAdmin",
    "RegistryEventAdmin",
    "RepositoryAdmin",
    "RobotAdmin",
    "TagAdmin",
]

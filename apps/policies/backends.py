"""Builds this app's ports: the embedded registry with its files and collector, or the one that the settings name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils.translation import gettext as _

from apps.policies.adapters.collector import RegistryCollector
from apps.policies.adapters.registry_http import SOCKET_ORIGIN, RegistryEdit
from apps.policies.adapters.storage import RegistryStorage
from apps.policies.ports import CollectorPort, RegistryEditPort, StoragePort
from apps.registry.backends import OwnTokens
from apps.registry.rights import DELETE, PULL, PUSH
from dce_portal.errors import Unsupported

_tokens = OwnTokens(DELETE, PULL, PUSH)


@contextmanager
def open_edit() -> Iterator[RegistryEditPort]:
    """The way into the registry, closed afterwards."""
    if settings.REGISTRY_URL:
        port = RegistryEdit(settings.REGISTRY_URL, token=_tokens)
    else:
        socket = settings.PATHS.socket("registry")
        port = RegistryEdit(SOCKET_ORIGIN, token=_tokens, socket=socket)
    try:
        yield port
    finally:
        port.close()


def is_embedded() -> bool:
    """Whether the registry is the portal's own, with files and a process at hand."""
    return not settings.REGISTRY_URL


def storage() -> StoragePort | None:
    """The registry's files; None where they are elsewhere."""
    return RegistryStorage(settings.PATHS.registry_data) if is_embedded() else None


def collector() -> CollectorPort:
    """The registry's collector; Unsupported where it runs elsewhere."""
    if not is_embedded():
        raise Unsupported(
            _("The registry is not the portal's own; its garbage is collected where it runs.")
        )
    return RegistryCollector(settings.PATHS)

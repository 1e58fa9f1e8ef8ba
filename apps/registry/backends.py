"""Builds the registry's ports: the embedded registry on its socket, or the one that the settings name."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings

from apps.registry.adapters.distribution import SOCKET_ORIGIN, DistributionRegistry
from apps.registry.adapters.door import READING, Behind, door_to
from apps.registry.adapters.image_push import ImagePush
from apps.registry.adapters.probe import RegistryProbe
from apps.registry.ports import Door, ImagePushPort, ProbePort, RegistryPort
from apps.registry.rights import ANY, PULL, PUSH, Access
from apps.registry.signing import signer

PORTAL_SUBJECT = "portal"
RENEW_BEFORE_S = 60


class OwnTokens:
    """The portal's own tokens, one a resource, signed anew before they expire."""

    def __init__(self, *actions: str) -> None:
        """Start without any; the actions are those on a repository."""
        self._actions = actions
        self._kept: dict[str | None, tuple[str, float]] = {}

    def __call__(self, repository: str | None) -> str:
        """A token for one repository, or to list the catalogue (None)."""
        text, until = self._kept.get(repository, ("", 0.0))
        if time.monotonic() < until:
            return text
        token = signer().sign(subject=PORTAL_SUBJECT, access=[self._access_to(repository)])
        until = time.monotonic() + token.life_s - RENEW_BEFORE_S
        self._kept = {**self._fresh(), repository: (token.text, until)}
        return token.text

    def _fresh(self) -> dict[str | None, tuple[str, float]]:
        now = time.monotonic()
        return {name: kept for name, kept in self._kept.items() if kept[1] > now}

    def _access_to(self, repository: str | None) -> Access:
        if repository is None:
            return Access("registry", "catalog", (ANY,))
        return Access("repository", repository, self._actions)


@contextmanager
def open_registry() -> Iterator[RegistryPort]:
    """The registry's port for the length of a task, closed afterwards."""
    port = _build()
    try:
        yield port
    finally:
        port.close()


def _build() -> RegistryPort:
    if settings.REGISTRY_URL:
        return DistributionRegistry(settings.REGISTRY_URL, token=OwnTokens(PULL))
    socket = settings.PATHS.socket("registry")
    return DistributionRegistry(SOCKET_ORIGIN, token=OwnTokens(PULL), socket=socket)


@contextmanager
def open_pusher() -> Iterator[ImagePushPort]:
    """The way into the registry for the portal's own images, closed afterwards."""
    tokens = OwnTokens(PULL, PUSH)
    if settings.REGISTRY_URL:
        port = ImagePush(settings.REGISTRY_URL, token=tokens)
    else:
        port = ImagePush(
            SOCKET_ORIGIN,
            token=tokens,
            socket=settings.PATHS.socket("registry"),
            read_only_file=settings.PATHS.read_only_file,
        )
    try:
        yield port
    finally:
        port.close()


PUSHING = (*READING, "POST", "PATCH", "PUT")


@contextmanager
def open_door(
    *, may_push: bool, takes_manifest: Callable[[bytes], bool] | None = None
) -> Iterator[Door]:
    """A door to the registry for a helper program, closed afterwards."""
    tokens = OwnTokens(PULL, PUSH) if may_push else OwnTokens(PULL)
    methods = PUSHING if may_push else READING
    if settings.REGISTRY_URL:
        behind = Behind(
            tokens, settings.REGISTRY_URL, methods=methods, takes_manifest=takes_manifest
        )
    else:
        own = settings.PATHS.socket("registry"), methods, settings.PATHS.read_only_file
        behind = Behind(tokens, SOCKET_ORIGIN, *own, takes_manifest)
    with door_to(behind) as door:
        yield door


@contextmanager
def open_probe() -> Iterator[ProbePort]:
    """The way to ask the registry whether it understands the portal, closed afterwards."""
    if settings.REGISTRY_URL:
        port = RegistryProbe(settings.REGISTRY_URL)
    else:
        port = RegistryProbe(SOCKET_ORIGIN, socket=settings.PATHS.socket("registry"))
    try:
        yield port
    finally:
        port.close()

"""Which adapters copy and ask, and how a stored registry is reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from apps.registry.services import open_writing_door
from apps.replication.adapters.remote import open_remote
from apps.replication.adapters.skopeo import Skopeo
from apps.replication.models import RemoteRegistry
from apps.replication.ports import CopierPort, Place, RemotePort
from apps.replication.rules.choosing import host_of
from dce_portal.sealing import unseal


def place_of(remote: RemoteRegistry) -> Place:
    """How it is reached, its credential opened."""
    parts = urlsplit(remote.url)
    return Place(
        host=host_of(parts.netloc),
        is_tls=parts.scheme == "https",
        username=remote.username,
        password=unseal(remote.sealed_secret) if remote.sealed_secret else None,
        ca_pem=remote.ca_pem,
    )


@contextmanager
def remote_of(remote: RemoteRegistry) -> Iterator[RemotePort]:
    """What it holds, for the length of a run."""
    with open_remote(place_of(remote)) as port:
        yield port


@contextmanager
def own_place(takes_manifest: Callable[[bytes], bool] | None = None) -> Iterator[Place]:
    """The own registry as a copying program reaches it, for the length of a run."""
    with open_writing_door(takes_manifest) as door:
        yield Place(host=door.host, username=door.username, password=door.password)


def copier() -> CopierPort:
    """The one that copies."""
    return Skopeo()

"""A namespace with people, keys, a registry that is edited in memory, and a folder of its files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache

from apps.accounts.models import User
from apps.policies.ports import Say, StoredManifest, Swept
from apps.registry.models import Namespace, Role
from apps.registry.rights import Access
from apps.registry.services import create_namespace, grant_role
from apps.registry.signing import signer
from dce_portal.launcher.keys import make_keys
from dce_portal.origin import PORTAL


@pytest.fixture(scope="session", autouse=True)
def _keys() -> None:
    make_keys(settings.PATHS.secrets)


@pytest.fixture(autouse=True)
def _fresh_memory() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def team(alice: User, bob: User) -> Namespace:
    """Alice owns it, Bob writes to it, Mallory has nothing."""
    namespace = create_namespace(name="team", owner=alice, origin=PORTAL)
    grant_role(namespace=namespace, person=bob, role=Role.WRITER, origin=PORTAL)
    return namespace


@dataclass(slots=True)
class FakeEdit:
    """The registry's API in memory: tags and configurations; what was asked of it is kept."""

    tags: dict[tuple[str, str], str] = field(default_factory=dict)
    configs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    finishes: bool = True

    def tag_digest(self, repository: str, tag: str) -> str | None:
        return self.tags.get((repository, tag))

    def config(self, _repository: str, digest: str) -> Mapping[str, Any]:
        return self.configs.get(digest, {})

    def delete_manifest(self, repository: str, digest: str) -> bool:
        self.asked.append(f"delete {repository}@{digest}")
        gone = [key for key, value in self.tags.items() if (key[0], value) == (repository, digest)]
        for key in gone:
            del self.tags[key]
        return True

    def untag(self, repository: str, tag: str) -> None:
        self.asked.append(f"untag {repository}:{tag}")
        self.tags.pop((repository, tag), None)

    def finish_untag(self, repository: str, tag: str) -> bool:
        self.asked.append(f"finish {repository}:{tag}")
        return self.finishes

    def close(self) -> None:
        """Nothing is open."""


@dataclass(slots=True)
class FakeStorage:
    """The registry's files in memory."""

    blobs: dict[str, int] = field(default_factory=dict)
    empty: tuple[str, ...] = ()
    stored: tuple[StoredManifest, ...] = ()
    removed: list[str] = field(default_factory=list)

    def blob_bytes(self, digest: str) -> int | None:
        return self.blobs.get(digest)

    def total_bytes(self) -> int:
        return sum(self.blobs.values())

    def empty_repositories(self) -> tuple[str, ...]:
        return self.empty

    def remove_repository(self, name: str) -> None:
        self.removed.append(name)

    def manifests(self, _repository: str) -> tuple[StoredManifest, ...]:
        return self.stored


@dataclass(slots=True)
class FakeCollector:
    """The collector in memory: what it would delete, and each thing that was asked of it."""

    files: FakeStorage
    garbage: tuple[str, ...] = ()
    asked: list[str] = field(default_factory=list)
    is_closed: bool = False
    problem: Exception | None = None

    def version(self) -> str:
        return "2.8.2"

    def sweep(self, *, is_dry_run: bool, say: Say) -> Swept:
        self.asked.append("dry run" if is_dry_run else "sweep")
        if self.problem is not None and not is_dry_run:
            raise self.problem
        say("marking")
        for digest in () if is_dry_run else self.garbage:
            self.files.blobs.pop(digest, None)
        return Swept(self.garbage, blobs_kept=3, manifests_kept=1)

    def restart_registry(self) -> None:
        self.asked.append("restart")

    def set_read_only(self, *, is_on: bool) -> None:
        self.asked.append("close" if is_on else "open")
        self.is_closed = is_on

    def is_read_only(self) -> bool:
        return self.is_closed


@pytest.fixture
def edit(monkeypatch: pytest.MonkeyPatch) -> FakeEdit:
    fake = FakeEdit()

    @contextmanager
    def opened() -> Iterator[FakeEdit]:
        yield fake

    monkeypatch.setattr("apps.policies.backends.open_edit", opened)
    return fake


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> FakeStorage:
    fake = FakeStorage()
    monkeypatch.setattr("apps.policies.backends.storage", lambda: fake)
    return fake


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch, files: FakeStorage) -> FakeCollector:
    fake = FakeCollector(files)
    monkeypatch.setattr("apps.policies.backends.collector", lambda: fake)
    monkeypatch.setattr("apps.policies.services.collecting.SETTLE_S", 0)
    return fake


@pytest.fixture
def token_for() -> Callable[..., str]:
    """An Authorization header as the registry's clients send it."""

    def make(username: str, repository: str, *actions: str) -> str:
        access = [Access("repository", repository, actions)]
        return f"Bearer {signer().sign(subject=username, access=access).text}"

    return make


@pytest.fixture
def data_folder() -> Path:
    return Path(settings.PATHS.data)

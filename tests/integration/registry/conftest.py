"""Keys for tokens and events, a namespace with its people, and a registry in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import jwt
import pytest
from django.conf import settings
from django.core.cache import cache

from apps.accounts.models import User
from apps.registry import decisions
from apps.registry.adapters.fake import FakeRegistry
from apps.registry.decisions import Decision
from apps.registry.models import Namespace, Role
from apps.registry.services import create_namespace, grant_role
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


@pytest.fixture(autouse=True)
def noted(monkeypatch: pytest.MonkeyPatch) -> list[Decision]:
    """What the token endpoint noted; no Redis is asked."""
    kept: list[Decision] = []
    monkeypatch.setattr(decisions, "note", kept.extend)
    return kept


@pytest.fixture
def team(alice: User, bob: User) -> Namespace:
    """Alice owns it, Bob reads it, Mallory has nothing."""
    namespace = create_namespace(name="team", owner=alice, origin=PORTAL)
    grant_role(namespace=namespace, person=bob, role=Role.READER, origin=PORTAL)
    return namespace


@pytest.fixture
def public(alice: User) -> Namespace:
    """Alice owns it, anyone pulls."""
    return create_namespace(name="open", owner=alice, is_public=True, origin=PORTAL)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> FakeRegistry:
    """A registry in memory, which the tasks open, too."""
    fake = FakeRegistry()

    @contextmanager
    def opened() -> Iterator[FakeRegistry]:
        yield fake

    monkeypatch.setattr("apps.registry.tasks.open_registry", opened)
    return fake


@pytest.fixture
def access_in() -> Callable[[str], dict[str, list[str]]]:
    """What a registry token allows: actions by `type:name`."""

    def read(token: str) -> dict[str, list[str]]:
        claims = jwt.decode(token, options={"verify_signature": False})
        return {f"{item['type']}:{item['name']}": item["actions"] for item in claims["access"]}

    return read

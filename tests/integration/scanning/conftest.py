"""An image in the catalogue, and nobody to hand operations to."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import jwt
import pytest
from celery import current_app
from django.conf import settings as django_settings

from apps.registry.models import Manifest
from apps.registry.signing import ALGORITHM
from dce_portal import secret_files
from dce_portal.launcher.keys import make_keys
from tests.factories.registry import (
    INDEX,
    ManifestFactory,
    NamespaceFactory,
    RepositoryFactory,
    TagFactory,
)


@pytest.fixture(scope="session", autouse=True)
def _keys() -> None:
    make_keys(django_settings.PATHS.secrets)


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_app, "send_task", lambda *args, **options: None)
    monkeypatch.setattr("dce_portal.operations._hand_over", lambda operation_id: None)


@pytest.fixture(autouse=True)
def _own_run_folder(settings, tmp_path) -> None:
    """Marks for nginx go to a folder of the test's own."""
    paths = replace(settings.PATHS, data=tmp_path)
    (tmp_path / "secrets").symlink_to(settings.PATHS.secrets)
    settings.PATHS = paths


@pytest.fixture
def image(db) -> Manifest:
    """team/app:1, an index of two platforms; returns the one for amd64."""
    repository = RepositoryFactory(name="team/app", namespace=NamespaceFactory(name="team"))
    images = [
        ManifestFactory(repository=repository, platform=f"linux/{machine}")
        for machine in ("amd64", "arm64")
    ]
    attestation = ManifestFactory(repository=repository, platform="unknown/unknown")
    index = ManifestFactory(repository=repository, media_type=INDEX, platform="")
    index.children.set([*images, attestation])
    TagFactory(repository=repository, manifest=index, name="1")
    return images[0]


def bearer(repository: str = "team/app", actions: Sequence[str] = ("pull",)) -> str:
    """As the registry's token service gives it."""
    key = (django_settings.PATHS.secrets / secret_files.SIGNING_KEY).read_bytes()
    now = int(time.time())
    claims = {
        "iss": django_settings.REGISTRY_ISSUER,
        "aud": django_settings.REGISTRY_SERVICE,
        "sub": "alice",
        "exp": now + 60,
        "access": [{"type": "repository", "name": repository, "actions": list(actions)}],
    }
    return f"Bearer {jwt.encode(claims, key, algorithm=ALGORITHM)}"

"""A registry in memory; no broker is asked."""

from __future__ import annotations

import pytest
from celery import current_app
from django.conf import settings

from apps.registry.adapters.fake import FakeRegistry
from dce_portal.launcher.keys import make_keys


@pytest.fixture(scope="session", autouse=True)
def _keys() -> None:
    make_keys(settings.PATHS.secrets)


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_app, "send_task", lambda *args, **options: None)


@pytest.fixture
def registry_of_tests() -> FakeRegistry:
    return FakeRegistry()

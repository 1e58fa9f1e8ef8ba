"""The keys that the launcher makes: some addresses tell of them."""

from __future__ import annotations

import pytest
from django.conf import settings

from dce_portal.launcher.keys import make_keys


@pytest.fixture(scope="session", autouse=True)
def _keys() -> None:
    make_keys(settings.PATHS.secrets)

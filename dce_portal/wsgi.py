"""The web process: pages, API and token endpoint, as WSGI."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dce_portal.settings.base")

pages = get_wsgi_application()

from dce_portal.lean_handler import LeanHandler  # noqa: E402 - the app registry must be loaded first

lean = LeanHandler()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer a request; the busiest address, which knows no session and no form, goes without their layers."""
    handler = lean if environ.get("PATH_INFO") in LeanHandler.paths else pages
    return handler(environ, start_response)

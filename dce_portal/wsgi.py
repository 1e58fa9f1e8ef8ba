"""The web process: pages, API and token endpoint, as WSGI."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dce_portal.settings.base")

pages = get_wsgi_application()

from django.conf import settings  # noqa: E402 - the app registry must be loaded first

from dce_portal.lean_handler import LeanHandler  # noqa: E402 - as above

lean = LeanHandler(settings.LEAN_VIEWS)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer a request; the busiest address, which knows no session and no form, goes without their layers."""
    if lean.serves(environ.get("PATH_INFO", "")):
        return lean(environ, start_response)
    return pages(environ, start_response)

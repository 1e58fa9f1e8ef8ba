"""Under which name docker clients reach the registry: commands to copy start with it."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest


def registry_host(request: HttpRequest) -> str:
    """Host and port of DCE_PUBLIC_URL, else those under which the person reached this page."""
    public_url: str | None = settings.CONFIGURATION.public_url
    return urlsplit(public_url).netloc if public_url else request.get_host()

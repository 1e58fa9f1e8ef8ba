"""The WebSocket addresses, gathered from the apps that settings name, since the kernel imports none of them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings


def websocket_routes() -> list[Any]:
    """Every route of every module in settings.WEBSOCKET_ROUTES (each has `websocket_urlpatterns`)."""
    return [
        route
        for name in settings.WEBSOCKET_ROUTES
        for route in import_module(name).websocket_urlpatterns
    ]

"""The WebSocket addresses of this app."""

from __future__ import annotations

from typing import Any

from django.urls import path

from apps.metrics.consumers import live_line, operation_line

# Django's routes take views; Channels' router calls what it finds as ASGI.
LINES: tuple[Any, Any] = (live_line, operation_line)

websocket_urlpatterns: list[Any] = [
    path("ws/live/", LINES[0]),
    path("ws/operations/<uuid:operation_id>/", LINES[1]),
]

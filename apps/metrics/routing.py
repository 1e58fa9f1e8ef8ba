"""The WebSocket addresses of this app."""

from __future__ import annotations

from typing import Any

from django.urls import path

from apps.metrics.consumers import live_line, operation_line

websocket_urlpatterns: list[Any] = [
    path("ws/live/", live_line),
    path("ws/operations/<uuid:operation_id>/", operation_line),
]

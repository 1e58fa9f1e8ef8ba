"""The WebSocket addresses of this app."""

from __future__ import annotations

from typing import Any

from django.urls import path

from apps.workloads.consumers import console_line, log_line

# Django's routes take views; Channels' router calls what it finds as ASGI.
LOGS: Any = log_line
CONSOLE: Any = console_line

websocket_urlpatterns: list[Any] = [
    path("ws/logs/container/<int:pk>/", LOGS, {"kind": "container"}),
    path("ws/logs/task/<int:pk>/", LOGS, {"kind": "task"}),
    path("ws/logs/service/<int:pk>/", LOGS, {"kind": "service"}),
    path("ws/exec/<int:pk>/", CONSOLE),
]

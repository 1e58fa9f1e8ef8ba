"""The WebSocket addresses of this app."""

from __future__ import annotations

from typing import Any

from django.urls import path

from apps.metrics.consumers import LiveConsumer, OperationConsumer

websocket_urlpatterns: list[Any] = [
    path("ws/live/", LiveConsumer.as_asgi()),
    path("ws/operations/<uuid:operation_id>/", OperationConsumer.as_asgi()),
]

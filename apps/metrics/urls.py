"""The addresses of this app outside admin and API."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.metrics.dashboard.views import busiest
from apps.metrics.views import live_events

urlpatterns: list[URLPattern] = [
    path("sse/live/", live_events, name="live-events"),
    path("admin/busiest/", busiest, name="busiest"),
]

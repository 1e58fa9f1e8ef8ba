"""Where load balancers ask whether the portal lives and is ready."""

from __future__ import annotations

from django.urls import URLPattern, path

from dce_portal import health

urlpatterns: list[URLPattern] = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
]

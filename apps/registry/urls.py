"""The addresses of this app outside admin and API."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.registry.api.token import registry_token
from apps.registry.views import registry_events, registry_key_set

urlpatterns: list[URLPattern] = [
    path("auth/token", registry_token, name="registry-token"),
    path("auth/jwks", registry_key_set, name="registry-jwks"),
    path("internal/registry/events", registry_events, name="registry-events"),
]

"""The addresses of this app outside admin and API."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.policies.views import registry_guard

urlpatterns: list[URLPattern] = [
    path("internal/registry/guard", registry_guard, name="registry-guard")
]

"""The addresses of this app outside admin and API."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.scanning.views import pull_guard

urlpatterns: list[URLPattern] = [
    path("internal/registry/pull-guard", pull_guard, name="pull-guard"),
]

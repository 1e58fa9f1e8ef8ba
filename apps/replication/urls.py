"""The addresses of this app outside admin and API."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.replication.views import fetch_manifest

urlpatterns: list[URLPattern] = [
    path("internal/registry/fetch", fetch_manifest, name="registry-fetch"),
]

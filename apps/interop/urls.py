"""The addresses of this app outside admin and API."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.interop.views import metrics

urlpatterns: list[URLPattern] = [path("metrics", metrics, name="metrics")]

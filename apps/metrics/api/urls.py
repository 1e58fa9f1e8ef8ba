"""The API addresses of this app."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.metrics.api.views import SamplesView

urlpatterns: list[URLPattern] = [path("samples/", SamplesView.as_view(), name="samples")]

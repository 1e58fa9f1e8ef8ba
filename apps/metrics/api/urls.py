"""The API addresses of this app."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.metrics.api.outlooks import OutlookApiView, TimeToFullView
from apps.metrics.api.views import SamplesView

urlpatterns: list[URLPattern] = [
    path("samples/", SamplesView.as_view(), name="samples"),
    path("outlooks/", OutlookApiView.as_view(), name="outlooks"),
    path("time-to-full/", TimeToFullView.as_view(), name="time-to-full"),
]

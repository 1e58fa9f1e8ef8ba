"""The API addresses of this app."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.interop.api.views import DiscoveryView, RemoteWriteViewSet

router = SimpleRouter()
router.register("remote-writes", RemoteWriteViewSet, basename="remote-write")
urlpatterns = [
    path("prometheus/targets/", DiscoveryView.as_view(), name="prometheus-targets"),
    path("prometheus/targets", DiscoveryView.as_view(schema=None), name="prometheus-targets-plain"),
    *router.urls,
]

"""The API addresses of this app."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.registry.api.access import AccessCheckView, AccessView, DockerLoginViewSet
from apps.registry.api.robots import RobotViewSet
from apps.registry.api.views import (
    GrantViewSet,
    NamespaceViewSet,
    RepositoryViewSet,
    TagViewSet,
)

router = SimpleRouter()
router.register("namespaces", NamespaceViewSet, basename="namespace")
router.register("repositories", RepositoryViewSet, basename="repository")
router.register("tags", TagViewSet, basename="tag")
router.register("grants", GrantViewSet, basename="grant")
router.register("robots", RobotViewSet, basename="robot")
router.register("docker-logins", DockerLoginViewSet, basename="docker-login")
urlpatterns = [
    path("access/", AccessView.as_view(), name="access"),
    path("access/check/", AccessCheckView.as_view(), name="access-check"),
    *router.urls,
]

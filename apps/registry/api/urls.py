"""The API addresses of this app."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.registry.api.access import AccessCheckView, AccessView, DockerLoginViewSet
from apps.registry.api.browse import SearchViewSet, StorageViewSet
from apps.registry.api.check import RegistryCheckView, RotateKeysView
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
router.register("registry/search", SearchViewSet, basename="registry-search")
router.register("registry/storage", StorageViewSet, basename="registry-storage")
router.register("grants", GrantViewSet, basename="grant")
router.register("robots", RobotViewSet, basename="robot")
router.register("docker-logins", DockerLoginViewSet, basename="docker-login")
urlpatterns = [
    path("access/", AccessView.as_view(), name="access"),
    path("access/check/", AccessCheckView.as_view(), name="access-check"),
    path("registry/check/", RegistryCheckView.as_view(), name="registry-check"),
    path("registry/rotate-keys/", RotateKeysView.as_view(), name="registry-rotate-keys"),
    *router.urls,
]

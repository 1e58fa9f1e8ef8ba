"""The API addresses of this app."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from apps.registry.api.browse import SearchViewSet, StorageViewSet
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
urlpatterns = router.urls

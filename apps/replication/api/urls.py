"""The API addresses of this app."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from apps.replication.api.views import (
    CacheNamespaceViewSet,
    RemoteRegistryViewSet,
    ReplicationRuleViewSet,
)

router = SimpleRouter()
router.register("remote-registries", RemoteRegistryViewSet, basename="remote-registry")
router.register("replication-rules", ReplicationRuleViewSet, basename="replication-rule")
router.register("cache-namespaces", CacheNamespaceViewSet, basename="cache-namespace")
urlpatterns = router.urls

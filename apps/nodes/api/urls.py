"""The API addresses of this app."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from apps.nodes.api.views import ClusterEventViewSet, ClusterViewSet, NodeViewSet

router = SimpleRouter()
router.register("clusters", ClusterViewSet, basename="cluster")
router.register("nodes", NodeViewSet, basename="node")
router.register("events", ClusterEventViewSet, basename="event")
urlpatterns = router.urls

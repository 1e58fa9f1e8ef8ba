"""The API addresses of this app."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from apps.nodes.api.joining import JoinTokenViewSet, JoinViewSet
from apps.nodes.api.views import ClusterEventViewSet, ClusterViewSet, NodeViewSet

router = SimpleRouter()
router.register("clusters", ClusterViewSet, basename="cluster")
router.register("nodes", NodeViewSet, basename="node")
router.register("events", ClusterEventViewSet, basename="event")
router.register("join-tokens", JoinTokenViewSet, basename="join-token")
router.register("joins", JoinViewSet, basename="join")
urlpatterns = router.urls

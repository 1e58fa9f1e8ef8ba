"""The API addresses of this app."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from apps.forwarding.api.views import ForwardViewSet

router = SimpleRouter()
router.register("audit-receivers", ForwardViewSet, basename="forward")
urlpatterns = router.urls

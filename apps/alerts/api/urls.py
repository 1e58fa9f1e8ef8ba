"""The API addresses of this app."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from apps.alerts.api.views import AlertRuleViewSet, AlertViewSet

router = SimpleRouter()
router.register("alerts", AlertViewSet, basename="alert")
router.register("alert-rules", AlertRuleViewSet, basename="alert-rule")
urlpatterns = router.urls

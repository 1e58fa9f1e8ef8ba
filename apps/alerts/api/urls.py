"""The API addresses of this app."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from apps.alerts.api.telling import ChannelViewSet, DeliveryViewSet, SilenceViewSet
from apps.alerts.api.views import AlertRuleViewSet, AlertViewSet

router = SimpleRouter()
router.register("alerts", AlertViewSet, basename="alert")
router.register("alert-rules", AlertRuleViewSet, basename="alert-rule")
router.register("channels", ChannelViewSet, basename="channel")
router.register("silences", SilenceViewSet, basename="silence")
router.register("deliveries", DeliveryViewSet, basename="delivery")
urlpatterns = router.urls

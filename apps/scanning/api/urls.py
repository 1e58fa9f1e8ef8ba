"""The API addresses of this app."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from apps.scanning.api.views import ScanPolicyViewSet, ScanReportViewSet

router = SimpleRouter()
router.register("scan-reports", ScanReportViewSet, basename="scan-report")
router.register("scan-policies", ScanPolicyViewSet, basename="scan-policy")
urlpatterns = router.urls

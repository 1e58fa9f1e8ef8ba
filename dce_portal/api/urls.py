"""The API addresses of the kernel: operations."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from dce_portal.api.operations import OperationViewSet

router = SimpleRouter()
router.register("operations", OperationViewSet, basename="operation")
urlpatterns = router.urls

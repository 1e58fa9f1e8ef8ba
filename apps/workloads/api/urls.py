"""The API addresses of this app."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from apps.workloads.api.views import (
    ContainerViewSet,
    ImageViewSet,
    ServiceViewSet,
    StackViewSet,
    TaskViewSet,
)

router = SimpleRouter()
router.register("services", ServiceViewSet, basename="service")
router.register("stacks", StackViewSet, basename="stack")
router.register("tasks", TaskViewSet, basename="task")
router.register("containers", ContainerViewSet, basename="container")
router.register("images", ImageViewSet, basename="image")
urlpatterns = router.urls

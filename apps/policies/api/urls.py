"""The API addresses of this app."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.policies.api.acts import (
    CollectionViewSet,
    DeletionView,
    RetentionPreviewView,
    RetentionRunViewSet,
)
from apps.policies.api.views import (
    ImageRuleViewSet,
    QuotaViewSet,
    RetentionRuleViewSet,
    TagRuleViewSet,
)

router = SimpleRouter()
router.register("tag-rules", TagRuleViewSet, basename="tag-rule")
router.register("image-rules", ImageRuleViewSet, basename="image-rule")
router.register("quotas", QuotaViewSet, basename="quota")
router.register("retention-rules", RetentionRuleViewSet, basename="retention-rule")
router.register("retention-runs", RetentionRunViewSet, basename="retention-run")
router.register("collections", CollectionViewSet, basename="collection")
urlpatterns = [
    path("retention-preview/", RetentionPreviewView.as_view(), name="retention-preview"),
    path("deletions/", DeletionView.as_view(), name="deletions"),
    *router.urls,
]

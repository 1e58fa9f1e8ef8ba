"""The API addresses of this app."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.accounts.api.audit import AuditViewSet
from apps.accounts.api.teams import TeamViewSet
from apps.accounts.api.tokens import TokenViewSet
from apps.accounts.api.views import MeView

router = SimpleRouter()
router.register("tokens", TokenViewSet, basename="token")
router.register("teams", TeamViewSet, basename="team")
router.register("audit", AuditViewSet, basename="audit")
urlpatterns = [path("me/", MeView.as_view(), name="me"), *router.urls]

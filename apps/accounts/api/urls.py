"""The API addresses of this app."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.accounts.api.views import MeView, TeamViewSet, TokenViewSet

router = SimpleRouter()
router.register("tokens", TokenViewSet, basename="token")
router.register("teams", TeamViewSet, basename="team")
urlpatterns = [path("me/", MeView.as_view(), name="me"), *router.urls]

"""Where load balancers ask whether the portal lives and is ready."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

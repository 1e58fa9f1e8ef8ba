"""The addresses of this app outside admin and API."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

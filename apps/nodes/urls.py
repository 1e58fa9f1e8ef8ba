"""The addresses of this app outside admin and API: what a joining host calls."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.nodes import views

urlpatterns: list[URLPattern] = [
    path("join/<str:token>", views.script, name="join"),
    path("join/<str:token>/ca", views.registry_authority, name="join-ca"),
    path("join/<str:token>/check", views.check, name="join-check"),
    path("join/<str:token>/claim", views.claim, name="join-claim"),
    path("join/<str:token>/certificate", views.certificate, name="join-certificate"),
    path("join/<str:token>/swarm", views.swarm, name="join-swarm"),
    path("join/<str:token>/step", views.step, name="join-step"),
    path("join/<str:token>/result", views.result, name="join-result"),
    path("join/<str:token>/leave", views.leave, name="join-leave"),
]

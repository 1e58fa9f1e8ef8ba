"""The portal's addresses; apps are named by strings, since the kernel imports none of them."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularSwaggerView
from rest_framework.permissions import AllowAny

from dce_portal.api.schema_view import SchemaView
from dce_portal.api.unknown import no_such_address

API: list[URLPattern | URLResolver] = [
    path("schema/", SchemaView.as_view(), name="schema"),
    path(
        "docs/",
        SpectacularSwaggerView.as_view(url_name="api:schema", permission_classes=[AllowAny]),
        name="docs",
    ),
    path("", include("dce_portal.api.urls")),
    path("", include("apps.accounts.api.urls")),
    path("", include("apps.nodes.api.urls")),
    path("", include("apps.workloads.api.urls")),
    path("", include("apps.registry.api.urls")),
    path("", include("apps.metrics.api.urls")),
    path("", include("apps.alerts.api.urls")),
    path("", include("apps.interop.api.urls")),
    path("", include("apps.policies.api.urls")),
    path("", include("apps.webhooks.api.urls")),
    path("", include("apps.replication.api.urls")),
    path("", include("apps.scanning.api.urls")),
    path("", include("apps.forwarding.api.urls")),
    re_path(r"", no_such_address),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("", include("dce_portal.health_urls")),
    path("", include("apps.nodes.urls")),
    path("", include("apps.registry.urls")),
    path("", include("apps.metrics.urls")),
    path("", include("apps.interop.urls")),
    path("", include("apps.policies.urls")),
    path("", include("apps.replication.urls")),
    path("", include("apps.scanning.urls")),
    path("", include("apps.accounts.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/v1/", include((API, "api"))),
    path("admin/", admin.site.urls),
]
handler500 = "dce_portal.api.unknown.failed"

"""The page of right-sizing in the admin."""

from __future__ import annotations

from typing import Any, override

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from apps.metrics.pages.right_sizing import right_sizing_page
from apps.metrics.right_sizing.models import ServiceSizing
from dce_portal.admin_site import ReadOnlyAdmin


@admin.register(ServiceSizing)
class RightSizingAdmin(ReadOnlyAdmin):
    """A purpose-made page stands where the theme would show a plain list."""

    @override
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may view services."""
        return request.user.has_perm("workloads.view_service")

    @override
    def has_module_permission(self, request: HttpRequest) -> bool:
        """The same."""
        return self.has_view_permission(request)

    @override
    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The page, or the same rows as CSV."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return right_sizing_page(request, frame=self.admin_site.each_context(request))

    @override
    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A row has no page of its own: the service's has more."""
        raise PermissionDenied

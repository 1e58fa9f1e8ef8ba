"""Garbage collections: their list is a page of its own."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from apps.policies.models import Collection
from apps.policies.pages.garbage import GarbagePages
from apps.policies.selectors.visible import has_right, may_collect
from dce_portal.admin_site import ReadOnlyAdmin


@admin.register(Collection)
class CollectionAdmin(GarbagePages, ReadOnlyAdmin):
    """For those who may view or start them."""

    audits_itself = True

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """By either permission."""
        return has_right(request.user, "view", Collection) or may_collect(request.user)

"""Deny unless a view says who may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class DenyUnlessAllowed(BasePermission):
    """The default of every API view: nobody, so that forgetting a permission opens nothing."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Refuse."""
        return False

"""The base of the API's lists and details: a selector says what the person may see, nothing else is found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.db.models import Model, QuerySet
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.viewsets import GenericViewSet

from dce_portal.api.permissions import ModelRights

if TYPE_CHECKING:
    from rest_framework.permissions import BasePermission

    from apps.accounts.models import User


class SelectedViewSet(GenericViewSet[Any]):
    """Rows of `model` as `select` gives them for the person who asks."""

    model: ClassVar[type[Model]]
    permission_classes: tuple[type[BasePermission], ...] = (ModelRights,)

    @property
    def person(self) -> User:
        """Who asks; the permission has made sure that it is a person."""
        return cast("User", self.request.user)

    def select(self) -> QuerySet[Any]:
        """Call the app's selector; each view has its own."""
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[Any]:
        """Ask the selector; while the schema is written there is no person to ask for."""
        if getattr(self, "swagger_fake_view", False):
            return cast("QuerySet[Any]", self.model._default_manager.none())
        return self.select()


class ReadOnlyViewSet(ListModelMixin, RetrieveModelMixin, SelectedViewSet):
    """A list with filters and pages, and a detail."""

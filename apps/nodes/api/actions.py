"""What the API's views of actions share: the preview, and the start of the operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from apps.nodes.actions import Action, Wish, action_of, start_action
from apps.nodes.api.serializers import PreviewSerializer
from dce_portal.api.operations import LOCATION, STARTED, started
from dce_portal.api.serializers import NothingSerializer, StrictSerializer
from dce_portal.api.viewsets import ReadOnlyViewSet
from dce_portal.errors import InvalidInput, PermissionDenied
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from rest_framework.request import Request


class Describes(Protocol):
    """A decorator that leaves a view's type as it is."""

    def __call__[View: Callable[..., Response]](self, view: View, /) -> View:
        """The same view."""
        ...


def starts_operation(body: type[StrictSerializer] = NothingSerializer) -> Describes:
    """Describe a view that takes this body and answers with the operation it started."""
    described = None if body is NothingSerializer else body
    return extend_schema(request=described, responses=STARTED, parameters=[LOCATION])


def previews(*names: str) -> Describes:
    """Describe a view that tells what one of these actions would do."""
    wanted = OpenApiParameter("action", OpenApiTypes.STR, enum=names, required=True)
    return extend_schema(responses=PreviewSerializer, parameters=[wanted], filters=False)


class ActionViewSet(ReadOnlyViewSet):
    """Rows with the registered actions of their model; `previewed` names those that have a preview here."""

    previewed: tuple[str, ...] = ()

    def told(self, request: Request) -> Response:
        """Tell what an action would do to this row now, and why it cannot be done where that is so."""
        chosen = self._previewed_action(request.query_params.get("action", ""))
        row = self.get_object()
        return Response(PreviewSerializer(chosen.preview(row, {})).data)

    def start(self, name: str, *, wish: Wish | None = None) -> Response:
        """Start the action on the row that the address names."""
        chosen = action_of(self.model, name)
        assert chosen is not None, name  # noqa: S101 - the views name registered actions only
        origin = Origin.of_request(self.request)
        operation = start_action(chosen, self.get_object(), wish=wish or {}, origin=origin)
        return started(operation, request=self.request)

    def body(self, serializer: type[StrictSerializer] = NothingSerializer) -> dict[str, Any]:
        """The checked body of the request; what the serializer does not know is refused."""
        wish = serializer(data=self.request.data)
        wish.is_valid(raise_exception=True)
        return dict(wish.validated_data)

    def _previewed_action(self, name: str) -> Action:
        chosen = action_of(self.model, name) if name in self.previewed else None
        if chosen is None:
            words = ", ".join(self.previewed)
            raise InvalidInput(_("Must be one of: %(words)s.") % {"words": words}, field="action")
        if not self.person.has_perm(chosen.permission):
            raise PermissionDenied(_("You may not do this, so there is no preview of it."))
        return chosen

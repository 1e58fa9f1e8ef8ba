"""Pages of API lists: cursors, so that a page costs the same wherever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination

from dce_portal.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet
    from rest_framework.request import Request
    from rest_framework.views import APIView


class CursorPages(CursorPagination):
    """`?limit=` up to 500; `next` and `previous` are whole addresses.

    A view's `ordering` (a tuple of fields that ends with the key, so that no two rows are
    level) replaces the order by key; its first field must never be null.
    """

    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 500
    ordering = "pk"

    def get_ordering(
        self, request: Request, queryset: QuerySet[Any], view: APIView
    ) -> tuple[str, ...]:
        """Take the view's own order, where it has one."""
        return cast("tuple[str, ...]", getattr(view, "ordering", (self.ordering,)))

    def get_page_size(self, request: Request) -> int:
        """Read `limit`; what is not a number from 1 to 500 is refused, not replaced."""
        given = request.query_params.get("limit")
        if given is None:
            return self.page_size
        if not (given.isascii() and given.isdigit() and 1 <= int(given[:9]) <= self.max_page_size):
            message = _("Give a whole number from 1 to %(most)d.") % {"most": self.max_page_size}
            raise InvalidInput(message, field="limit")
        return int(given)

    def paginate_queryset(
        self, queryset: QuerySet[Any] | Sequence[Any], request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        """Read one page; a cursor that was not made here is the caller's error, not ours."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValueError, OverflowError, ValidationError) as error:
            raise _bad_cursor() from error

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Read `cursor`; an unreadable one is refused as such."""
        try:
            cursor = super().decode_cursor(request)
        except NotFound as error:
            raise _bad_cursor() from error
        # PostgreSQL ends the whole transaction over a NUL, so that it must not get that far.
        if cursor is not None and "\0" in str(cursor.position):
            raise _bad_cursor()
        return cursor

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """Describe `limit` with its bounds."""
        parameters = cast("list[dict[str, Any]]", super().get_schema_operation_parameters(view))
        for parameter in parameters:
            if parameter["name"] == self.page_size_query_param:
                parameter["schema"] = {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": self.max_page_size,
                    "default": self.page_size,
                }
        return parameters


def _bad_cursor() -> InvalidInput:
    message = _("This cursor was not made by this list; begin again without one.")
    return InvalidInput(message, field="cursor")

"""Filters of API lists; a name that the list does not know is refused, so that a typo never returns everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from django_filters.constants import EMPTY_VALUES
from drf_spectacular.utils import extend_schema_field

from dce_portal.errors import InvalidInput

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request
    from rest_framework.views import APIView

LARGEST_ID = 2**63 - 1


class StrictFilterBackend(filters.DjangoFilterBackend):
    """Filters as the view declares, and nothing else in the query."""

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Any], view: APIView
    ) -> QuerySet[Any]:
        """Refuse what cannot be meant, then filter."""
        if getattr(view, "action", "list") == "list":
            known = self._names(queryset, view)
            for name, values in request.query_params.lists():
                refuse_unclear(name, values, known=known)
            self._refuse_maybe(request, queryset, view)
        return cast("QuerySet[Any]", super().filter_queryset(request, queryset, view))

    def _refuse_maybe(self, request: Request, queryset: QuerySet[Any], view: APIView) -> None:
        """django-filter takes any other word for a yes-or-no filter as if it was not there."""
        filterset = self.get_filterset_class(view, queryset)
        for name, one in (filterset.base_filters if filterset else {}).items():
            given = request.query_params.get(name, "true")
            if isinstance(one, filters.BooleanFilter) and given.lower() not in {"true", "false"}:
                raise InvalidInput(_("Give true or false."), field=name)

    def _names(self, queryset: QuerySet[Any], view: APIView) -> set[str]:
        filterset = self.get_filterset_class(view, queryset)
        names = set(filterset.base_filters) if filterset else set()
        paginator = cast("Any", getattr(view, "paginator", None))
        if paginator is not None:
            described = paginator.get_schema_operation_parameters(view)
            names |= {parameter["name"] for parameter in described}
        return names


def refuse_unclear(name: str, values: list[str], *, known: set[str]) -> None:
    """Raise for a filter that the list lacks, that is given twice, or that is empty."""
    if name not in known:
        names = ", ".join(sorted(known))
        message = _("This list has no such filter; it has: %(names)s.") % {"names": names}
        raise InvalidInput(message, field=name)
    if len(values) > 1:
        raise InvalidInput(_("Give this filter once."), field=name)
    if not values[0]:
        raise InvalidInput(_("Give this filter a value, or leave it out."), field=name)


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": LARGEST_ID})
class IdFilter(filters.Filter):
    """Rows that belong to the row with this id; an id that nobody has gives an empty list."""

    field_class = forms.IntegerField

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Bound the number to what a database takes."""
        super().__init__(*args, min_value=1, max_value=LARGEST_ID, **kwargs)


class SearchFilter(filters.CharFilter):
    """Rows where one of these fields contains the text, upper and lower case alike."""

    def __init__(self, *fields: str, **kwargs: object) -> None:
        """Keep the fields to look in."""
        super().__init__(max_length=200, **kwargs)
        self.fields_to_search = fields

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Look in each field."""
        if value in EMPTY_VALUES:
            return qs
        wanted = Q()
        for field in self.fields_to_search:
            wanted |= Q(**{f"{field}__icontains": value})
        return qs.filter(wanted)

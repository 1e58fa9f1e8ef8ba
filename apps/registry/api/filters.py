"""Filters of the registry's lists."""

from __future__ import annotations

from django_filters import rest_framework as filters

from apps.registry.models import Role
from dce_portal.api.filters import IdFilter, SearchFilter


class NamespaceFilters(filters.FilterSet):
    """Of namespaces."""

    name = filters.CharFilter(max_length=64)
    public = filters.BooleanFilter(field_name="is_public")
    search = SearchFilter("name", "description")


class RepositoryFilters(filters.FilterSet):
    """Of repositories."""

    name = filters.CharFilter(max_length=255)
    namespace = filters.CharFilter(field_name="namespace__name", max_length=64)
    missing = filters.BooleanFilter(field_name="missing_since", lookup_expr="isnull", exclude=True)
    search = SearchFilter("name", "description")


class TagFilters(filters.FilterSet):
    """Of tags."""

    name = filters.CharFilter(max_length=128)
    repository = filters.CharFilter(field_name="repository__name", max_length=255)
    repository_id = IdFilter(field_name="repository")
    digest = filters.CharFilter(field_name="manifest__digest", max_length=160)
    missing = filters.BooleanFilter(field_name="missing_since", lookup_expr="isnull", exclude=True)
    search = SearchFilter("name", "repository__name")


class GrantFilters(filters.FilterSet):
    """Of grants."""

    namespace = filters.CharFilter(field_name="namespace__name", max_length=64)
    repository = filters.CharFilter(field_name="repository__name", max_length=255)
    person = filters.CharFilter(field_name="person__username", max_length=150)
    team = filters.CharFilter(field_name="team__name", max_length=64)
    role = filters.ChoiceFilter(choices=Role.choices)

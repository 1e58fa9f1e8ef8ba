"""Filters of the policies' lists."""

from __future__ import annotations

from django_filters import rest_framework as filters


class NamespaceFilter(filters.FilterSet):
    """By namespace."""

    namespace = filters.CharFilter(field_name="namespace__name", max_length=64)


class CollectionFilters(filters.FilterSet):
    """Of garbage collections."""

    dry_run = filters.BooleanFilter(field_name="is_dry_run")

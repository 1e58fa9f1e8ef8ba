"""What lists of workloads can be narrowed by."""

from __future__ import annotations

from django_filters import rest_framework as filters

from dce_portal.api.filters import IdFilter, SearchFilter


class ServiceFilters(filters.FilterSet):
    """Of services."""

    cluster = IdFilter(field_name="cluster_id")
    stack = filters.CharFilter(max_length=250)
    name = filters.CharFilter(max_length=250)
    search = SearchFilter("name", "image", "native_id")


class StackFilters(filters.FilterSet):
    """Of stacks."""

    cluster = IdFilter(field_name="cluster_id")
    name = filters.CharFilter(max_length=250)
    search = SearchFilter("name")


class TaskFilters(filters.FilterSet):
    """Of tasks."""

    cluster = IdFilter(field_name="cluster_id")
    service = IdFilter(field_name="service_id")
    node = IdFilter(field_name="node_id")
    state = filters.CharFilter(max_length=32)
    desired_state = filters.CharFilter(max_length=32)


class ContainerFilters(filters.FilterSet):
    """Of containers."""

    cluster = IdFilter(field_name="node__cluster_id")
    node = IdFilter(field_name="node_id")
    service = IdFilter(field_name="service_id")
    state = filters.CharFilter(max_length=32)
    stack = filters.CharFilter(max_length=250)
    search = SearchFilter("name", "image", "native_id")


class ImageFilters(filters.FilterSet):
    """Of engines' images."""

    cluster = IdFilter(field_name="node__cluster_id")
    node = IdFilter(field_name="node_id")
    search = SearchFilter("native_id", "tags")

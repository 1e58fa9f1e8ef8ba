"""What lists of clusters, nodes and events can be narrowed by."""

from __future__ import annotations

from django_filters import rest_framework as filters

from apps.nodes.models import Cluster, ClusterEvent, Condition, Node
from dce_portal.api.filters import IdFilter, SearchFilter


class ClusterFilters(filters.FilterSet):
    """Of clusters."""

    kind = filters.ChoiceFilter(choices=Cluster.Kind.choices)
    condition = filters.ChoiceFilter(choices=Condition.choices)
    search = SearchFilter("name", "native_id")


class NodeFilters(filters.FilterSet):
    """Of nodes."""

    cluster = IdFilter(field_name="cluster_id")
    role = filters.ChoiceFilter(choices=Node.Role.choices)
    state = filters.ChoiceFilter(choices=Node.State.choices)
    availability = filters.ChoiceFilter(choices=Node.Availability.choices)
    stale = filters.BooleanFilter(field_name="stale_since", lookup_expr="isnull", exclude=True)
    search = SearchFilter("hostname", "address", "native_id")


class ClusterEventFilters(filters.FilterSet):
    """Of events."""

    cluster = IdFilter(field_name="cluster_id")
    node = IdFilter(field_name="node_id")
    severity = filters.ChoiceFilter(choices=ClusterEvent.Severity.choices)
    kind = filters.CharFilter(max_length=64)
    since = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    until = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")

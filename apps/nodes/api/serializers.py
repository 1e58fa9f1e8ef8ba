"""How clusters and nodes look in the API."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.nodes.api.cluster_serializers import ClusterFactsSerializer
from apps.nodes.models import Cluster, ClusterEvent, Node
from apps.nodes.ports.cluster_facts import ClusterFacts
from apps.nodes.rules.previews import Preview
from apps.nodes.selectors import knows_containers
from dce_portal.api.serializers import StrictSerializer

FRESHNESS = ("observed_at", "source", "stale_since", "stale_reason")


class ClusterSerializer(serializers.ModelSerializer[Cluster]):
    """A Swarm, or the single engines that are in none."""

    url = serializers.HyperlinkedIdentityField(view_name="api:cluster-detail")
    condition = serializers.CharField(
        read_only=True, help_text=_("Trouble with a name: no_leader, locked, or empty.")
    )
    facts = serializers.SerializerMethodField()

    class Meta:
        """All facts."""

        model = Cluster
        fields = (
            "id",
            "url",
            "name",
            "kind",
            "native_id",
            "created_at",
            "condition",
            "facts",
            *FRESHNESS,
        )
        read_only_fields = fields

    @extend_schema_field(ClusterFactsSerializer(allow_null=True))
    def get_facts(self, cluster: Cluster) -> dict[str, Any] | None:
        """What a Swarm says of itself; null for other kinds, and before the first answer."""
        facts = ClusterFacts.from_columns(cluster.facts)
        return None if facts is None else ClusterFactsSerializer(facts).data


class NodeSerializer(serializers.ModelSerializer[Node]):
    """One node as last seen; `stale_since` tells since when no answer confirmed it, and `stale_reason` why."""

    url = serializers.HyperlinkedIdentityField(view_name="api:node-detail")
    cluster_name = serializers.CharField(source="cluster.name", read_only=True)
    labels = serializers.DictField(child=serializers.CharField(), read_only=True)
    engine_labels = serializers.DictField(child=serializers.CharField(), read_only=True)
    is_fresh = serializers.BooleanField(read_only=True)
    has_engine = serializers.SerializerMethodField(
        help_text=_("Whether the portal asks this node's engine, and so knows its containers.")
    )

    class Meta:
        """All facts."""

        model = Node
        fields = (
            "id",
            "url",
            "cluster",
            "cluster_name",
            "native_id",
            "hostname",
            "role",
            "availability",
            "state",
            "status_message",
            "address",
            "reachability",
            "is_leader",
            "engine_version",
            "agent_version",
            "os",
            "architecture",
            "cpu_count",
            "memory_bytes",
            "labels",
            "engine_labels",
            "version_index",
            "has_engine",
            "is_fresh",
            *FRESHNESS,
        )
        read_only_fields = fields

    def get_has_engine(self, node: Node) -> bool:
        """True when an engine address leads here, or managers tell of it; the selector has joined both."""
        return knows_containers(node)


class ClusterEventSerializer(serializers.ModelSerializer[ClusterEvent]):
    """Something that changed between two polls."""

    detail = serializers.DictField(read_only=True)

    class Meta:
        """All facts."""

        model = ClusterEvent
        fields = (
            "id",
            "cluster",
            "node",
            "at",
            "kind",
            "severity",
            "subject_kind",
            "subject_id",
            "subject_label",
            "detail",
        )
        read_only_fields = fields


class LabelsSerializer(StrictSerializer):
    """A node's whole set of labels."""

    labels = serializers.DictField(
        child=serializers.CharField(max_length=1024, allow_blank=True, trim_whitespace=False),
        help_text=_("Every label that the node shall have; others are removed."),
    )

    def validate_labels(self, labels: dict[str, str]) -> dict[str, str]:
        """Look at the names too."""
        return check_names(labels)


class LabelChangesSerializer(StrictSerializer):
    """Single labels of a node."""

    labels = serializers.DictField(
        child=serializers.CharField(
            max_length=1024, allow_blank=True, allow_null=True, trim_whitespace=False
        ),
        help_text=_("Labels to set; null removes one, others stay."),
    )

    def validate_labels(self, labels: dict[str, str | None]) -> dict[str, str | None]:
        """Look at the names too."""
        return check_names(labels)


class LabelEditsSerializer(StrictSerializer):
    """Labels to set or remove on several nodes."""

    nodes = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        min_length=1,
        max_length=500,
        help_text=_("The nodes' ids."),
    )
    set = serializers.DictField(
        child=serializers.CharField(max_length=1024, allow_blank=True, trim_whitespace=False),
        required=False,
        default=dict,
        help_text=_("Labels to set on each of them; others stay."),
    )
    remove = serializers.ListField(
        child=serializers.CharField(max_length=256, trim_whitespace=False),
        required=False,
        default=list,
        max_length=64,
        help_text=_("Names of labels to take away where a node has them."),
    )

    def validate_set(self, labels: dict[str, str]) -> dict[str, str]:
        """Look at the names too."""
        return check_names(labels)


class RemovalSerializer(StrictSerializer):
    """What confirms a removal, which cannot be undone."""

    name = serializers.CharField(
        max_length=253, help_text=_("The node's host name, repeated to confirm.")
    )


class DetailSerializer(serializers.Serializer[Preview]):
    """A list under its own heading."""

    heading = serializers.CharField()
    lines = serializers.ListField(child=serializers.CharField())


class PreviewSerializer(serializers.Serializer[Preview]):
    """What an action would do; one that is blocked says why, and cannot be started."""

    title = serializers.CharField()
    sentences = serializers.ListField(child=serializers.CharField())
    warnings = serializers.ListField(child=serializers.CharField())
    blocked = serializers.CharField(allow_blank=True)
    needs_name = serializers.BooleanField()
    details = DetailSerializer(many=True)


def check_names[Value](labels: dict[str, Value]) -> dict[str, Value]:
    """Raise for a name that no cluster should be given."""
    name_field = serializers.CharField(max_length=256, trim_whitespace=False)
    for name in labels:
        name_field.run_validation(name)
    return labels

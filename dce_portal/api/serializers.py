"""How operations look in the API."""

from __future__ import annotations

from rest_framework import serializers

from dce_portal.models import Operation


class LogLineSerializer(serializers.Serializer[dict[str, str]]):
    """One line of an operation's log."""

    at = serializers.DateTimeField()
    text = serializers.CharField()


class OperationSerializer(serializers.ModelSerializer[Operation]):
    """Something that a person started: what, how far, and how it ended."""

    url = serializers.HyperlinkedIdentityField(view_name="api:operation-detail")
    actor = serializers.CharField(source="actor_label", read_only=True)
    log = LogLineSerializer(many=True, read_only=True)
    result = serializers.DictField(read_only=True)
    is_final = serializers.BooleanField(read_only=True)

    class Meta:
        """Parameters stay inside: they may name more than the person may see."""

        model = Operation
        fields = (
            "id",
            "url",
            "kind",
            "title",
            "state",
            "is_final",
            "progress_percent",
            "actor",
            "target_kind",
            "target_id",
            "target_label",
            "log",
            "result",
            "error",
            "cancel_requested",
            "created_at",
            "started_at",
            "finished_at",
        )
        read_only_fields = fields

"""How operations look in the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from dce_portal.models import Operation


class StrictSerializer(serializers.Serializer[Any]):
    """Input of which every field is known: one that is not is refused by name, since it would do nothing."""

    def to_internal_value(self, data: Any) -> Any:  # noqa: ANN401 - whatever a script sent
        """Refuse unknown fields before the known ones are looked at."""
        unknown = set(data) - set(self.fields) if isinstance(data, Mapping) else set()
        if unknown:
            sentence = _("There is no such field here. Nothing was done.")
            raise serializers.ValidationError(
                {str(name)[:100]: [sentence] for name in sorted(unknown)}
            )
        return super().to_internal_value(data)


class NothingSerializer(StrictSerializer):
    """An action that needs nothing but its address; an empty body or {} is right."""


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

"""How targets are asked for and shown in the API."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.interop.models import RemoteWrite, name_validator
from dce_portal.api.queries import no_strange_fields
from dce_portal.api.serializers import StrictSerializer

KINDS = ("portal", "node")


class DiscoveryQuery(serializers.Serializer[dict[str, Any]]):
    """Which targets, and at which port of the nodes."""

    kind = serializers.ChoiceField(choices=KINDS, required=False, help_text="Both, if left out.")
    port = serializers.IntegerField(
        default=9100,
        min_value=1,
        max_value=65535,
        help_text="The port of the exporter on the nodes; 9100 is node_exporter's.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A misspelt name is refused."""
        return no_strange_fields(self, attrs)


class DiscoveredSerializer(serializers.Serializer[dict[str, Any]]):
    """One group of targets, as Prometheus' http_sd reads it."""

    targets = serializers.ListField(child=serializers.CharField())
    labels = serializers.DictField(child=serializers.CharField())


class RemoteWriteSerializer(serializers.ModelSerializer[RemoteWrite]):
    """A remote-write target without its secret, and how it stands."""

    href = serializers.HyperlinkedIdentityField(view_name="api:remote-write-detail")
    has_secret = serializers.BooleanField(source="sealed_secret", read_only=True)

    class Meta:
        """All facts."""

        model = RemoteWrite
        fields = (
            "id",
            "href",
            "name",
            "url",
            "username",
            "has_secret",
            "portal_label",
            "is_active",
            "state",
            "problem",
            "failures",
            "next_try_at",
            "last_ok_at",
            "written_to",
            "samples_sent",
            "samples_refused",
            "refused_at",
            "refusal",
            "created_at",
        )
        read_only_fields = fields

    def to_representation(self, instance: RemoteWrite) -> dict[str, Any]:
        """The sealed secret as whether there is one."""
        return {**super().to_representation(instance), "has_secret": bool(instance.sealed_secret)}


class RemoteWriteWish(StrictSerializer):
    """What a target shall be."""

    name = serializers.CharField(max_length=64, validators=[name_validator])
    url = serializers.CharField(max_length=500)
    username = serializers.CharField(max_length=150, allow_blank=True, default="")
    secret = serializers.CharField(
        max_length=4096,
        required=False,
        allow_blank=True,
        write_only=True,
        trim_whitespace=False,
        help_text=_("Password or token. Left out it stays as it was; empty, it is taken away."),
    )
    portal_label = serializers.CharField(max_length=64, allow_blank=True, default="")
    is_active = serializers.BooleanField(default=True)

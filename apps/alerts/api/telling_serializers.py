"""How channels, silences and deliveries look in the API; an address goes in and never comes out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.accounts.models import Team
from apps.alerts.models import AlertRule, Channel, Delivery, Silence
from apps.alerts.models.channels import check_time_zone
from apps.alerts.selectors.channels import channel_state, result_of
from apps.nodes.models import Cluster
from dce_portal.api.serializers import StrictSerializer

LONGEST_PART = 2000


class ChannelSerializer(serializers.ModelSerializer[Channel]):
    """A channel without its address."""

    url = serializers.HyperlinkedIdentityField(view_name="api:channel-detail")
    where_to = serializers.CharField(
        source="hint", read_only=True, help_text=_("The host or the recipients, no secrets.")
    )
    state = serializers.SerializerMethodField(help_text=_("off, untried, works or fails."))
    last_result = serializers.SerializerMethodField(
        help_text=_("What went wrong at the last attempt; empty where nothing did.")
    )
    teams: serializers.SlugRelatedField[Team] = serializers.SlugRelatedField(
        slug_field="name", many=True, read_only=True
    )

    class Meta:
        """All facts in clear."""

        model = Channel
        fields = (
            "id",
            "url",
            "name",
            "kind",
            "where_to",
            "is_enabled",
            "language",
            "time_zone",
            "has_picture",
            "teams",
            "state",
            "last_result",
            "last_ok_at",
            "last_failed_at",
            "failures",
            "created_at",
        )
        read_only_fields = fields

    def get_state(self, channel: Channel) -> str:
        """One word."""
        return channel_state(channel)

    def get_last_result(self, channel: Channel) -> str:
        """A sentence."""
        return result_of(channel)


class ChannelWishSerializer(StrictSerializer):
    """What a channel shall be."""

    name = serializers.CharField(max_length=120)
    kind = serializers.ChoiceField(choices=Channel.Kind.choices)
    address = serializers.DictField(
        child=serializers.CharField(max_length=LONGEST_PART, allow_blank=True),
        write_only=True,
        help_text=_(
            "The parts that the kind's form asks for, such as url and key; it is sealed and never shown again."
        ),
    )
    is_enabled = serializers.BooleanField(default=True)
    language = serializers.ChoiceField(choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE)
    time_zone = serializers.CharField(
        max_length=64, default=settings.TIME_ZONE, validators=[check_time_zone]
    )
    has_picture = serializers.BooleanField(default=True)
    teams: serializers.SlugRelatedField[Team] = serializers.SlugRelatedField(
        slug_field="name", many=True, queryset=Team.objects.all(), required=False
    )


class ChannelChangeSerializer(ChannelWishSerializer):
    """What of a channel shall be another; its kind stays."""

    kind = None  # type: ignore[assignment]  # how a field is taken away
    address = serializers.DictField(
        child=serializers.CharField(max_length=LONGEST_PART, allow_blank=True),
        write_only=True,
        required=False,
        help_text=_("The parts that change; what is left out stays."),
    )


class SilenceSerializer(serializers.ModelSerializer[Silence]):
    """What is silent, from when to when, and why."""

    url = serializers.HyperlinkedIdentityField(view_name="api:silence-detail")
    rule: serializers.PrimaryKeyRelatedField[AlertRule] = serializers.PrimaryKeyRelatedField(
        read_only=True, allow_null=True
    )
    cluster: serializers.PrimaryKeyRelatedField[Cluster] = serializers.PrimaryKeyRelatedField(
        read_only=True, allow_null=True
    )
    created_by = serializers.CharField(
        source="created_by.username", default=None, read_only=True, allow_null=True
    )

    class Meta:
        """All facts."""

        model = Silence
        fields = (
            "id",
            "url",
            "rule",
            "cluster",
            "object_kind",
            "object_label",
            "label",
            "begins_at",
            "ends_at",
            "reason",
            "created_by",
            "created_at",
        )
        read_only_fields = fields


class SilenceWishSerializer(StrictSerializer):
    """What shall be silent; all that is given must fit."""

    rule: serializers.PrimaryKeyRelatedField[AlertRule] = serializers.PrimaryKeyRelatedField(
        queryset=AlertRule.objects.all(), allow_null=True, default=None
    )
    cluster: serializers.PrimaryKeyRelatedField[Cluster] = serializers.PrimaryKeyRelatedField(
        queryset=Cluster.objects.all(), allow_null=True, default=None
    )
    object_kind = serializers.CharField(max_length=16, allow_blank=True, default="")
    object_label = serializers.CharField(
        max_length=250, allow_blank=True, default="", help_text=_("A name; * stands for anything.")
    )
    label = serializers.CharField(  # type: ignore[assignment]  # a field is called what the table calls it
        max_length=250, allow_blank=True, default="", help_text=_("key, or key=value.")
    )
    begins_at = serializers.DateTimeField(
        allow_null=True, default=None, help_text=_("Left out: now.")
    )
    ends_at = serializers.DateTimeField()
    reason = serializers.CharField(max_length=500)


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """One message to one channel."""

    url = serializers.HyperlinkedIdentityField(view_name="api:delivery-detail")
    channel: serializers.PrimaryKeyRelatedField[Channel] = serializers.PrimaryKeyRelatedField(
        read_only=True, allow_null=True
    )
    result = serializers.SerializerMethodField(help_text=_("What went wrong, in a sentence."))
    status = serializers.IntegerField(
        read_only=True, allow_null=True, help_text=_("HTTP's or the mail server's.")
    )

    class Meta:
        """All facts, and the text as it went."""

        model = Delivery
        fields = (
            "id",
            "url",
            "uid",
            "channel",
            "channel_name",
            "kind",
            "state",
            "severity",
            "title",
            "text",
            "because",
            "attempts",
            "result",
            "status",
            "duration_ms",
            "created_at",
            "next_at",
            "finished_at",
        )
        read_only_fields = fields

    def get_result(self, row: Delivery) -> str:
        """A sentence."""
        return result_of(row)


def wish_facts(said: dict[str, Any]) -> dict[str, Any]:
    """Validated input as a wish of the services takes it."""
    return {("parts" if name == "address" else name): value for name, value in said.items()}

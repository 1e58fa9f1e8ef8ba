"""How robots are asked for and shown in the API."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.accounts.issuing import MOST_OVERLAP_HOURS
from apps.accounts.networks import MOST_NETWORKS
from apps.registry.api.serializers import ByName
from apps.registry.models import COMPONENT, Namespace, Robot
from apps.registry.robot_models import LONGEST_NAME, RobotRole
from apps.registry.services.robots import MOST_REPOSITORIES

LONGEST_DAYS = 365


class RobotSerializer(serializers.ModelSerializer[Robot]):
    """A robot without its secret, which nobody can read again."""

    url = serializers.HyperlinkedIdentityField(view_name="api:robot-detail")
    namespace = serializers.CharField(source="namespace.name", read_only=True)
    repositories = serializers.ListField(child=serializers.CharField(), read_only=True)
    networks = serializers.ListField(child=serializers.CharField(), read_only=True)
    is_usable = serializers.BooleanField(read_only=True)
    expires_soon = serializers.BooleanField(
        read_only=True, help_text=_("It is usable, and ends within two weeks.")
    )

    class Meta:
        """All facts; `key` is the public part."""

        model = Robot
        fields = (
            "id",
            "url",
            "namespace",
            "name",
            "username",
            "description",
            "role",
            "repositories",
            "networks",
            "key",
            "is_usable",
            "expires_soon",
            "made_by",
            "created_at",
            "expires_at",
            "revoked_at",
            "rotated_at",
            "previous_until",
            "last_used_at",
            "last_used_address",
        )
        read_only_fields = fields


class IssuedRobotSerializer(RobotSerializer):
    """A robot with its new secret, this once."""

    secret = serializers.CharField(
        read_only=True, help_text=_("The whole token; it is not shown again.")
    )

    class Meta:
        """As above, and the secret."""

        model = Robot
        fields = (*RobotSerializer.Meta.fields, "secret")
        read_only_fields = fields


class RobotChange(serializers.Serializer[dict[str, Any]]):
    """What may change of a robot; its name stays."""

    role = serializers.ChoiceField(choices=RobotRole.choices, required=False)
    description = serializers.CharField(max_length=250, allow_blank=True, required=False)
    repositories = serializers.ListField(
        child=serializers.CharField(max_length=255),
        max_length=MOST_REPOSITORIES,
        required=False,
        help_text=_("Full names; empty means the whole namespace."),
    )
    networks = serializers.ListField(
        child=serializers.CharField(max_length=64),
        max_length=MOST_NETWORKS,
        required=False,
        help_text=_("Addresses and networks from which alone it may be used, IPv4 and IPv6."),
    )


class RobotWishSerializer(RobotChange):
    """What a new robot shall be; `ci` in the namespace `team` signs in as `robot-team-ci`."""

    namespace: ByName[Namespace] = ByName(slug_field="name", queryset=Namespace.objects.none())
    name = serializers.RegexField(rf"^{COMPONENT}$", max_length=LONGEST_NAME)
    role = serializers.ChoiceField(choices=RobotRole.choices)
    days = serializers.IntegerField(
        min_value=1, max_value=LONGEST_DAYS, default=90, help_text=_("Days until it expires.")
    )


class RobotRotation(serializers.Serializer[dict[str, Any]]):
    """How a robot's secret is replaced by another one."""

    overlap_hours = serializers.IntegerField(
        min_value=0,
        max_value=MOST_OVERLAP_HOURS,
        default=24,
        help_text=_("So many hours the old secret goes on."),
    )
    days = serializers.IntegerField(
        min_value=1,
        max_value=LONGEST_DAYS,
        required=False,
        help_text=_("Days until it expires; left out, the expiry stays."),
    )

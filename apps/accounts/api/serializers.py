"""How tokens, teams and the person who asks look in the API."""

from __future__ import annotations

from typing import Any, cast

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.accounts.issuing import MOST_OVERLAP_HOURS
from apps.accounts.models import PersonalToken, Team, TeamMembership, User
from apps.accounts.networks import MOST_NETWORKS
from apps.accounts.scopes import LONGEST_PLACE, MOST_SCOPES, PATTERN

LONGEST_DAYS = 365


class TokenSerializer(serializers.ModelSerializer[PersonalToken]):
    """A personal token without its secret, which nobody can read again."""

    url = serializers.HyperlinkedIdentityField(view_name="api:token-detail")
    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)
    networks = serializers.ListField(child=serializers.CharField(), read_only=True)
    is_usable = serializers.BooleanField(read_only=True)
    expires_soon = serializers.BooleanField(
        read_only=True, help_text=_("It is usable, and ends within two weeks.")
    )

    class Meta:
        """All facts; `key` is the public part."""

        model = PersonalToken
        fields = (
            "id",
            "url",
            "name",
            "key",
            "scopes",
            "networks",
            "is_usable",
            "expires_soon",
            "created_at",
            "expires_at",
            "revoked_at",
            "rotated_at",
            "previous_until",
            "last_used_at",
            "last_used_address",
        )
        read_only_fields = fields


class IssuedTokenSerializer(TokenSerializer):
    """A new token with its secret, this once."""

    secret = serializers.CharField(
        read_only=True, help_text=_("The whole token; it is not shown again.")
    )

    class Meta:
        """As above, and the secret."""

        model = PersonalToken
        fields = (*TokenSerializer.Meta.fields, "secret")
        read_only_fields = fields


class TokenWishSerializer(serializers.Serializer[dict[str, Any]]):
    """What a new token shall be."""

    name = serializers.CharField(max_length=64)
    scopes = serializers.ListField(
        child=serializers.RegexField(PATTERN, max_length=LONGEST_PLACE),
        min_length=1,
        max_length=MOST_SCOPES,
        help_text=_(
            "Rights, each perhaps with a place: registry.push:team, registry.pull:team/app, api.read:registry."
        ),
    )
    days = serializers.IntegerField(
        min_value=1, max_value=LONGEST_DAYS, default=90, help_text=_("Days until it expires.")
    )
    networks = serializers.ListField(
        child=serializers.CharField(max_length=64),
        max_length=MOST_NETWORKS,
        required=False,
        help_text=_("Addresses and networks from which alone it may be used, IPv4 and IPv6."),
    )


class RotationSerializer(serializers.Serializer[dict[str, Any]]):
    """How a secret is replaced by another one."""

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


class TeamSerializer(serializers.ModelSerializer[Team]):
    """A team."""

    url = serializers.HyperlinkedIdentityField(view_name="api:team-detail")
    member_count = serializers.IntegerField(read_only=True)

    class Meta:
        """All facts but the members."""

        model = Team
        fields = ("id", "url", "name", "description", "member_count", "created_at")
        read_only_fields = fields


class TeamChangeSerializer(serializers.Serializer[dict[str, Any]]):
    """What may change of a team; its name stays."""

    description = serializers.CharField(max_length=250, allow_blank=True)


class TeamWishSerializer(serializers.Serializer[dict[str, Any]]):
    """What a new team shall be."""

    name = serializers.RegexField(r"^[-a-zA-Z0-9_]+$", max_length=64)
    description = serializers.CharField(
        max_length=250, allow_blank=True, required=False, default=""
    )


class MemberWishSerializer(serializers.Serializer[dict[str, Any]]):
    """Who shall be in a team, and as what."""

    person = serializers.CharField(max_length=150)
    role = serializers.ChoiceField(
        choices=TeamMembership.Role.choices, default=TeamMembership.Role.MEMBER
    )


class MembershipSerializer(serializers.ModelSerializer[TeamMembership]):
    """One person of a team."""

    person = serializers.CharField(source="person.username", read_only=True)

    class Meta:
        """Who, and as what."""

        model = TeamMembership
        fields = ("person", "role")
        read_only_fields = fields


class TeamDetailSerializer(TeamSerializer):
    """A team with its members."""

    members = MembershipSerializer(source="memberships", many=True, read_only=True)

    class Meta:
        """As in the list, and the members."""

        model = Team
        fields = (*TeamSerializer.Meta.fields, "members")
        read_only_fields = fields


class MeSerializer(serializers.ModelSerializer[User]):
    """Who asks, with which credential, and what that allows."""

    credential = serializers.SerializerMethodField()
    scopes = serializers.SerializerMethodField(
        help_text=_("What the token is narrowed to; null for a session, which is not narrowed."),
    )
    groups: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(
        slug_field="name", many=True, read_only=True
    )
    teams: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(
        slug_field="name", many=True, read_only=True
    )
    permissions = serializers.SerializerMethodField()

    class Meta:
        """No more than the person knows anyway."""

        model = User
        fields = (
            "id",
            "username",
            "email",
            "first_name",
            "last_name",
            "is_superuser",
            "groups",
            "teams",
            "permissions",
            "credential",
            "scopes",
        )
        read_only_fields = fields

    def get_credential(self, person: User) -> str:
        """The token's name, or "session"."""
        return cast("str", self.context["credential"])

    def get_scopes(self, person: User) -> list[str] | None:
        """Of the token."""
        return cast("list[str] | None", self.context["scopes"])

    def get_permissions(self, person: User) -> list[str]:
        """All Django permissions, by group or direct."""
        return sorted(person.get_all_permissions())

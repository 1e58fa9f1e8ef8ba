"""How tokens, teams and the person who asks look in the API."""

from __future__ import annotations

from typing import Any, cast

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.accounts.models import PersonalToken, Team, TeamMembership, User
from apps.accounts.scopes import SCOPES

SCOPE_NAMES = tuple(SCOPES)
LONGEST_DAYS = 365


class TokenSerializer(serializers.ModelSerializer[PersonalToken]):
    """A personal token without its secret, which nobody can read again."""

    url = serializers.HyperlinkedIdentityField(view_name="api:token-detail")
    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)
    is_usable = serializers.BooleanField(read_only=True)

    class Meta:
        """All facts; `key` is the public part."""

        model = PersonalToken
        fields = (
            "id",
            "url",
            "name",
            "key",
            "scopes",
            "is_usable",
            "created_at",
            "expires_at",
            "revoked_at",
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
        child=serializers.ChoiceField(choices=SCOPE_NAMES), min_length=1, max_length=len(SCOPES)
    )
    days = serializers.IntegerField(
        min_value=1, max_value=LONGEST_DAYS, default=90, help_text=_("Days until it expires.")
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

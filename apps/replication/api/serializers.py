"""How other registries, rules and cache namespaces look in the API."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.replication.models import (
    LONGEST_MINUTES,
    SHORTEST_MINUTES,
    CacheNamespace,
    RemoteRegistry,
    ReplicationRule,
    name_validator,
    path_validator,
)
from dce_portal.api.serializers import StrictSerializer

MINUTES: dict[str, Any] = {"min_value": SHORTEST_MINUTES, "max_value": LONGEST_MINUTES}


class RemoteRegistrySerializer(serializers.ModelSerializer[RemoteRegistry]):
    """Another registry without its secret."""

    href = serializers.HyperlinkedIdentityField(view_name="api:remote-registry-detail")
    has_secret = serializers.BooleanField(source="sealed_secret", read_only=True)

    class Meta:
        """All facts."""

        model = RemoteRegistry
        fields = ("id", "href", "name", "url", "username", "has_secret", "ca_pem", "created_at")
        read_only_fields = fields

    def to_representation(self, instance: RemoteRegistry) -> dict[str, Any]:
        """The sealed secret as whether there is one."""
        return {**super().to_representation(instance), "has_secret": bool(instance.sealed_secret)}


class RemoteRegistryWish(StrictSerializer):
    """What another registry shall be."""

    name = serializers.CharField(max_length=64, validators=[name_validator])
    url = serializers.CharField(max_length=250)
    username = serializers.CharField(max_length=150, allow_blank=True, default="")
    secret = serializers.CharField(
        max_length=4096,
        required=False,
        allow_blank=True,
        write_only=True,
        trim_whitespace=False,
        help_text=_("Password or token. Left out it stays as it was; empty, it is taken away."),
    )
    ca_pem = serializers.CharField(max_length=65_536, allow_blank=True, default="")


class ReplicationRuleSerializer(serializers.ModelSerializer[ReplicationRule]):
    """A rule, and how its last run ended."""

    url = serializers.HyperlinkedIdentityField(view_name="api:replication-rule-detail")
    remote = serializers.IntegerField(source="remote_id", read_only=True)

    class Meta:
        """All facts."""

        model = ReplicationRule
        fields = (
            "id",
            "url",
            "name",
            "remote",
            "direction",
            "repositories",
            "tags",
            "prefix",
            "on_push",
            "every_minutes",
            "cron",
            "is_active",
            "last_started_at",
            "last_outcome",
            "last_said",
            "created_at",
        )
        read_only_fields = fields


class ReplicationRuleWish(StrictSerializer):
    """What a rule shall be."""

    name = serializers.CharField(max_length=64, validators=[name_validator])
    remote = serializers.PrimaryKeyRelatedField(queryset=RemoteRegistry.objects.all())
    direction = serializers.ChoiceField(choices=ReplicationRule.Direction.choices)
    repositories = serializers.CharField(max_length=500)
    tags = serializers.CharField(max_length=500, default="*")
    prefix = serializers.CharField(
        max_length=128, allow_blank=True, default="", validators=[path_validator]
    )
    on_push = serializers.BooleanField(default=False)
    every_minutes = serializers.IntegerField(allow_null=True, default=None, **MINUTES)
    cron = serializers.CharField(max_length=100, allow_blank=True, default="")
    is_active = serializers.BooleanField(default=True)


def namespace_model() -> Any:  # noqa: ANN401 - another app's model, known through the foreign key alone
    """The model that a namespace is of."""
    return CacheNamespace._meta.get_field("namespace").related_model


class CacheNamespaceSerializer(serializers.ModelSerializer[CacheNamespace]):
    """A namespace that is filled from upstream."""

    url = serializers.HyperlinkedIdentityField(view_name="api:cache-namespace-detail")
    namespace = serializers.CharField(source="namespace.name", read_only=True)
    remote = serializers.IntegerField(source="remote_id", read_only=True)

    class Meta:
        """All facts."""

        model = CacheNamespace
        fields = (
            "id",
            "url",
            "namespace",
            "remote",
            "refresh_minutes",
            "is_active",
            "refreshed_at",
            "created_at",
        )
        read_only_fields = fields


class CacheNamespaceChange(StrictSerializer):
    """What may change of one."""

    remote = serializers.PrimaryKeyRelatedField(queryset=RemoteRegistry.objects.all())
    refresh_minutes = serializers.IntegerField(default=1440, **MINUTES)
    is_active = serializers.BooleanField(default=True)


class CacheNamespaceWish(CacheNamespaceChange):
    """What a new one shall be."""

    namespace = serializers.SlugRelatedField(
        slug_field="name",
        queryset=namespace_model().objects.all(),
    )


class FetchWish(StrictSerializer):
    """Which image to fetch, as upstream calls it."""

    image = serializers.CharField(max_length=300, help_text=_("Such as nginx:1.27."))

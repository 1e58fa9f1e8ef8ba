"""How namespaces, repositories, tags and grants look in the API."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Model
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.registry.models import Grant, Namespace, Repository, Role, Tag


def team_model() -> Any:  # noqa: ANN401 - another app's model, known through the foreign key alone
    """The model that a grant's team is of."""
    return Grant._meta.get_field("team").related_model


class NamespaceSerializer(serializers.ModelSerializer[Namespace]):
    """A namespace; `repository_count` and `stored_bytes` are of what you may pull in it.

    `stored_bytes` counts each blob once; it is null where you see a part of the namespace alone.
    """

    url = serializers.HyperlinkedIdentityField(view_name="api:namespace-detail")
    repository_count = serializers.IntegerField(read_only=True)
    stored_bytes = serializers.SerializerMethodField()

    class Meta:
        """All facts."""

        model = Namespace
        fields = (
            "id",
            "url",
            "name",
            "description",
            "is_public",
            "repository_count",
            "stored_bytes",
            "created_at",
        )
        read_only_fields = ("id", "created_at")

    def get_stored_bytes(self, namespace: Namespace) -> int | None:
        """Only for who sees all of it."""
        is_whole: bool = namespace.is_whole  # type: ignore[attr-defined]  # annotated by the selector
        return namespace.stored_bytes if is_whole else None


class NamespaceChangeSerializer(serializers.Serializer[dict[str, Any]]):
    """What may change of a namespace; its name is part of every image's name and stays."""

    description = serializers.CharField(max_length=250, allow_blank=True, required=False)
    is_public = serializers.BooleanField(
        required=False, help_text=_("Anyone may pull, without signing in.")
    )


class NamespaceWishSerializer(NamespaceChangeSerializer):
    """What a new namespace shall be."""

    name = serializers.CharField(max_length=64)


class RepositorySerializer(serializers.ModelSerializer[Repository]):
    """A repository; `missing_since` says since when the registry does not list it."""

    url = serializers.HyperlinkedIdentityField(view_name="api:repository-detail")
    namespace = serializers.CharField(source="namespace.name", read_only=True)
    tag_count = serializers.IntegerField(read_only=True)

    class Meta:
        """All facts."""

        model = Repository
        fields = (
            "id",
            "url",
            "name",
            "namespace",
            "description",
            "tag_count",
            "stored_bytes",
            "created_at",
            "last_pushed_at",
            "last_pulled_at",
            "pull_count",
            "missing_since",
        )
        read_only_fields = fields


class TagSerializer(serializers.ModelSerializer[Tag]):
    """A tag and the manifest that it points at."""

    url = serializers.HyperlinkedIdentityField(view_name="api:tag-detail")
    repository = serializers.CharField(source="repository.name", read_only=True)
    digest = serializers.CharField(source="manifest.digest", read_only=True)
    media_type = serializers.CharField(source="manifest.media_type", read_only=True)
    size_bytes = serializers.IntegerField(source="manifest.size_bytes", read_only=True)
    platforms = serializers.ListField(
        source="manifest.platforms", child=serializers.CharField(), read_only=True
    )
    last_pulled_at = serializers.DateTimeField(
        source="manifest.last_pulled_at", read_only=True, allow_null=True
    )

    class Meta:
        """All facts."""

        model = Tag
        fields = (
            "id",
            "url",
            "repository",
            "name",
            "digest",
            "media_type",
            "size_bytes",
            "platforms",
            "pushed_at",
            "pushed_by",
            "last_pulled_at",
            "missing_since",
        )
        read_only_fields = fields


class GrantSerializer(serializers.ModelSerializer[Grant]):
    """A role of one person or one team; `repository` null is the whole namespace."""

    url = serializers.HyperlinkedIdentityField(view_name="api:grant-detail")
    namespace = serializers.CharField(source="namespace.name", read_only=True)
    repository = serializers.CharField(
        source="repository.name", read_only=True, default=None, allow_null=True
    )
    person = serializers.CharField(
        source="person.username", read_only=True, default=None, allow_null=True
    )
    team = serializers.CharField(source="team.name", read_only=True, default=None, allow_null=True)

    class Meta:
        """All facts."""

        model = Grant
        fields = (
            "id",
            "url",
            "namespace",
            "repository",
            "person",
            "team",
            "role",
            "created_at",
        )
        read_only_fields = fields


class ByName[Row: Model](serializers.SlugRelatedField[Row]):
    """A row by its name; NUL, which PostgreSQL refuses to look for, is in nobody's."""

    def to_internal_value(self, data: Any) -> Row:  # noqa: ANN401 - whatever JSON holds
        """Find the row."""
        if isinstance(data, str) and "\0" in data:
            self.fail("does_not_exist", slug_name=self.slug_field, value=data.replace("\0", "␀"))
        return super().to_internal_value(data)


class GrantWishSerializer(serializers.Serializer[dict[str, Any]]):
    """Who shall have which role where; name a person or a team."""

    namespace: ByName[Namespace] = ByName(slug_field="name", queryset=Namespace.objects.none())
    repository: ByName[Repository] = ByName(
        slug_field="name", queryset=Repository.objects.none(), required=False, allow_null=True
    )
    person: ByName[Any] = ByName(
        slug_field="username",
        queryset=get_user_model()._default_manager.filter(is_active=True),
        required=False,
        allow_null=True,
    )
    team: ByName[Any] = ByName(
        slug_field="name", queryset=team_model().objects.all(), required=False, allow_null=True
    )
    role = serializers.ChoiceField(choices=Role.choices)

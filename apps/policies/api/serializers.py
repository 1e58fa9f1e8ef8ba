"""How policies are asked for and shown in the API."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.fields import empty

from apps.policies.models import (
    Collection,
    ImageRule,
    Quota,
    RetentionRule,
    RetentionRun,
    TagRule,
)
from apps.policies.models.guard import Who
from apps.registry.models import Namespace
from dce_portal.api.serializers import StrictSerializer

LARGEST_BYTES = 2**63 - 1
MOST_DAYS = 36_500
MOST_TAGS = 2**31 - 1
# The view narrows the rows to those that the person may set rules for.
_NONE = Namespace.objects.none()
PATTERNS = _("Patterns with * and ?, separated by commas; * also matches a slash.")


class NamespaceName(serializers.SlugRelatedField[Namespace]):
    """A namespace by its name, among those that the person may set rules for."""

    def run_validation(self, data: Any = empty) -> Any:  # noqa: ANN401 - whatever JSON holds
        """An empty name is nobody's, and not every namespace, as the base class would have it."""
        if data == "":
            self.fail("does_not_exist", slug_name="name", value=data)
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> Namespace:  # noqa: ANN401 - whatever JSON holds
        """NUL, which PostgreSQL refuses to look for, is in nobody's name."""
        if isinstance(data, str) and "\0" in data:
            self.fail("does_not_exist", slug_name="name", value=data.replace("\0", "␀"))
        return super().to_internal_value(data)


class TagRuleSerializer(serializers.ModelSerializer[TagRule]):
    """A rule for tags; `namespace` null is every namespace."""

    url = serializers.HyperlinkedIdentityField(view_name="api:tag-rule-detail")
    namespace = serializers.CharField(
        source="namespace.name", read_only=True, default=None, allow_null=True
    )

    class Meta:
        """All facts."""

        model = TagRule
        fields = (
            "id",
            "url",
            "namespace",
            "repositories",
            "kind",
            "tags",
            "who_creates",
            "who_overwrites",
            "who_deletes",
            "is_enabled",
            "created_at",
        )
        read_only_fields = fields


class TagRuleWish(StrictSerializer):
    """What a rule for tags shall be."""

    namespace = NamespaceName(slug_field="name", queryset=_NONE, allow_null=True, default=None)
    repositories = serializers.CharField(max_length=250, help_text=PATTERNS, default="*")
    kind = serializers.ChoiceField(choices=TagRule.Kind.choices, default="immutable")
    tags = serializers.CharField(max_length=250, help_text=PATTERNS, default="*")
    who_creates = serializers.ChoiceField(choices=Who.choices, default="writer")
    who_overwrites = serializers.ChoiceField(choices=Who.choices, default="maintainer")
    who_deletes = serializers.ChoiceField(choices=Who.choices, default="maintainer")
    is_enabled = serializers.BooleanField(default=True)


class ImageRuleSerializer(serializers.ModelSerializer[ImageRule]):
    """A rule for images; `namespace` null is every namespace."""

    url = serializers.HyperlinkedIdentityField(view_name="api:image-rule-detail")
    namespace = serializers.CharField(
        source="namespace.name", read_only=True, default=None, allow_null=True
    )

    class Meta:
        """All facts."""

        model = ImageRule
        fields = (
            "id",
            "url",
            "namespace",
            "repositories",
            "platforms",
            "most_bytes",
            "is_enabled",
            "created_at",
        )
        read_only_fields = fields


class ImageRuleWish(StrictSerializer):
    """What a rule for images shall be."""

    namespace = NamespaceName(slug_field="name", queryset=_NONE, allow_null=True, default=None)
    repositories = serializers.CharField(max_length=250, help_text=PATTERNS, default="*")
    platforms = serializers.CharField(
        max_length=250, allow_blank=True, default="", help_text="Such as linux/amd64, linux/arm64."
    )
    most_bytes = serializers.IntegerField(
        min_value=1, max_value=LARGEST_BYTES, allow_null=True, default=None
    )
    is_enabled = serializers.BooleanField(default=True)


class QuotaSerializer(serializers.ModelSerializer[Quota]):
    """How much a namespace may hold, and how much it does."""

    url = serializers.HyperlinkedIdentityField(view_name="api:quota-detail")
    namespace = serializers.CharField(source="namespace.name", read_only=True)

    class Meta:
        """All facts."""

        model = Quota
        fields = (
            "id",
            "url",
            "namespace",
            "most_bytes",
            "most_tags",
            "used_bytes",
            "counted_at",
            "created_at",
        )
        read_only_fields = fields


class QuotaWish(StrictSerializer):
    """What a quota shall be."""

    namespace = NamespaceName(slug_field="name", queryset=_NONE)
    most_bytes = serializers.IntegerField(
        min_value=0, max_value=LARGEST_BYTES, allow_null=True, default=None
    )
    most_tags = serializers.IntegerField(
        min_value=0, max_value=MOST_TAGS, allow_null=True, default=None
    )


class RetentionRuleSerializer(serializers.ModelSerializer[RetentionRule]):
    """Which tags a namespace keeps."""

    url = serializers.HyperlinkedIdentityField(view_name="api:retention-rule-detail")
    namespace = serializers.CharField(source="namespace.name", read_only=True)

    class Meta:
        """All facts."""

        model = RetentionRule
        fields = (
            "id",
            "url",
            "namespace",
            "repositories",
            "tags",
            "keep_matching",
            "keep_last",
            "younger_than_days",
            "pulled_within_days",
            "untagged_days",
            "schedule",
            "is_enabled",
            "created_at",
        )
        read_only_fields = fields


def _days() -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, max_value=MOST_DAYS, allow_null=True, default=None)


class RetentionRuleWish(StrictSerializer):
    """What a retention rule shall be."""

    namespace = NamespaceName(slug_field="name", queryset=_NONE)
    repositories = serializers.CharField(max_length=250, help_text=PATTERNS, default="*")
    tags = serializers.CharField(max_length=250, help_text=PATTERNS, default="*")
    keep_matching = serializers.CharField(
        max_length=250, help_text=PATTERNS, default="", allow_blank=True
    )
    keep_last = serializers.IntegerField(
        min_value=0, max_value=MOST_TAGS, allow_null=True, default=None
    )
    younger_than_days = _days()
    pulled_within_days = _days()
    untagged_days = _days()
    schedule = serializers.ChoiceField(choices=RetentionRule.Schedule.choices, default="manual")
    is_enabled = serializers.BooleanField(default=True)


class RetentionRunSerializer(serializers.ModelSerializer[RetentionRun]):
    """One run of retention."""

    url = serializers.HyperlinkedIdentityField(view_name="api:retention-run-detail")
    namespace = serializers.CharField(source="namespace.name", read_only=True)
    removed = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        """All facts."""

        model = RetentionRun
        fields = (
            "id",
            "url",
            "namespace",
            "operation",
            "state",
            "is_scheduled",
            "kept",
            "deleted",
            "untagged",
            "skipped",
            "removed",
            "started_at",
            "finished_at",
        )
        read_only_fields = fields


class VerdictSerializer(serializers.Serializer[dict[str, Any]]):
    """One tag, and what keeps it (empty where it would go)."""

    repository = serializers.CharField()
    tag = serializers.CharField()
    tag_id = serializers.IntegerField()
    digest = serializers.CharField()
    pushed_at = serializers.DateTimeField()
    because = serializers.CharField()


class RetentionPreviewSerializer(serializers.Serializer[dict[str, Any]]):
    """What retention would do now; lists hold at most 500 rows."""

    counts = serializers.DictField(child=serializers.IntegerField())
    going = VerdictSerializer(many=True)
    kept = VerdictSerializer(many=True)


class RetentionWish(StrictSerializer):
    """Which namespace."""

    namespace = NamespaceName(slug_field="name", queryset=_NONE)


class NamespaceQuery(serializers.Serializer[dict[str, Any]]):
    """Which namespace, in the address."""

    namespace = serializers.CharField(max_length=64)


class DeletionWish(StrictSerializer):
    """A manifest by its digest with all its tags, or one tag alone."""

    repository = serializers.CharField(max_length=255)
    digest = serializers.CharField(max_length=160, required=False)
    tag = serializers.CharField(max_length=128, required=False)


class DeletionQuery(serializers.Serializer[dict[str, Any]]):
    """As above, in the address."""

    repository = serializers.CharField(max_length=255)
    digest = serializers.CharField(max_length=160, required=False)
    tag = serializers.CharField(max_length=128, required=False)


class DeletionSerializer(serializers.Serializer[dict[str, Any]]):
    """What would go along, and what stands against it."""

    repository = serializers.CharField()
    digest = serializers.CharField()
    tag = serializers.CharField(allow_null=True)
    tags = serializers.ListField(child=serializers.CharField())
    indexes = serializers.ListField(child=serializers.CharField())
    platforms = serializers.ListField(child=serializers.CharField())
    blocked = serializers.CharField(allow_blank=True)


class CollectionSerializer(serializers.ModelSerializer[Collection]):
    """One garbage collection."""

    url = serializers.HyperlinkedIdentityField(view_name="api:collection-detail")
    repositories_removed = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        """All facts."""

        model = Collection
        fields = (
            "id",
            "url",
            "operation",
            "is_dry_run",
            "step",
            "started_by",
            "started_at",
            "finished_at",
            "manifests_kept",
            "blobs_kept",
            "blobs_deleted",
            "bytes_before",
            "bytes_won",
            "repositories_removed",
            "problem",
        )
        read_only_fields = fields


class CollectionWish(StrictSerializer):
    """Estimate, or collect."""

    is_dry_run = serializers.BooleanField(default=True)
    delete_untagged = serializers.BooleanField(
        default=False, help_text="Refused: the registry's own way would destroy multi-arch images."
    )

"""How reports and policies look in the API."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.scanning.models import ScanPolicy, ScanReport
from dce_portal.api.serializers import StrictSerializer


class FindingSerializer(serializers.Serializer[dict[str, str]]):
    """One vulnerability of one package."""

    id = serializers.CharField()
    severity = serializers.CharField()
    package = serializers.CharField()
    installed = serializers.CharField()
    fixed = serializers.CharField(help_text=_("The version that has it no more; empty, none yet."))
    title = serializers.CharField()
    url = serializers.CharField()
    place = serializers.CharField()


class ScanReportSerializer(serializers.ModelSerializer[ScanReport]):
    """What was found in one image, in numbers."""

    url = serializers.HyperlinkedIdentityField(view_name="api:scan-report-detail")
    repository = serializers.CharField(source="shown_place", read_only=True)

    class Meta:
        """All facts but the findings."""

        model = ScanReport
        fields: tuple[str, ...] = (
            "id",
            "url",
            "repository",
            "digest",
            "state",
            "critical",
            "high",
            "medium",
            "low",
            "unknown",
            "system",
            "scanner",
            "problem",
            "requested_at",
            "scanned_at",
        )
        read_only_fields = fields


class WholeReportSerializer(ScanReportSerializer):
    """With each finding, the worst first."""

    findings = FindingSerializer(many=True, read_only=True)

    class Meta(ScanReportSerializer.Meta):
        """And the findings."""

        fields = (*ScanReportSerializer.Meta.fields, "findings")
        read_only_fields = fields


class ScanWish(StrictSerializer):
    """What to scan: a digest of a repository, or the image that a tag points at."""

    repository = serializers.CharField(max_length=255)
    reference = serializers.CharField(max_length=160, help_text=_("A tag or a digest."))


def namespace_model() -> Any:  # noqa: ANN401 - another app's model, known through the foreign key alone
    """The model that a namespace is of."""
    return ScanPolicy._meta.get_field("namespace").related_model


class ScanPolicySerializer(serializers.ModelSerializer[ScanPolicy]):
    """What a namespace wants."""

    url = serializers.HyperlinkedIdentityField(view_name="api:scan-policy-detail")
    namespace = serializers.CharField(source="namespace.name", read_only=True)
    block_from = serializers.CharField(
        read_only=True, help_text=_("A severity; empty, nothing is blocked.")
    )

    class Meta:
        """All facts."""

        model = ScanPolicy
        fields = (
            "id",
            "url",
            "namespace",
            "scan_on_push",
            "block_from",
            "only_fixable",
            "block_unscanned",
            "excepted",
        )
        read_only_fields = fields


class ScanPolicyChange(StrictSerializer):
    """What may change of a policy."""

    scan_on_push = serializers.BooleanField(default=True)
    block_from = serializers.ChoiceField(choices=ScanPolicy.BLOCK, allow_blank=True, default="")
    only_fixable = serializers.BooleanField(default=False)
    block_unscanned = serializers.BooleanField(default=False)
    excepted = serializers.CharField(max_length=10_000, allow_blank=True, default="")


class ScanPolicyWish(ScanPolicyChange):
    """What a new policy shall be."""

    namespace = serializers.SlugRelatedField(
        slug_field="name",
        queryset=namespace_model().objects.all(),
    )

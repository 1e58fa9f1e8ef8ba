"""How an artifact, its history, figures over time and what a search found look in the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.registry.api.serializers import RepositorySerializer, TagSerializer
from apps.registry.browse.artifact import Part
from apps.registry.models import TagMove
from apps.registry.readme import LONGEST_README

MOST_QUERY = 200


class LayerSerializer(serializers.Serializer[Any]):
    """A layer; `is_shared`: another image that you may pull has it as well."""

    digest = serializers.CharField()
    size_bytes = serializers.IntegerField()
    media_type = serializers.CharField()
    is_shared = serializers.BooleanField()
    command = serializers.CharField(
        help_text="The step of the build that made it, where it is known."
    )
    note = serializers.CharField(help_text="A file's name, or the kind of an attestation.")


class PartSerializer(serializers.Serializer[Part]):
    """One manifest of a tag; `configuration` is what the image's configuration says, cut to a size."""

    digest = serializers.CharField(source="manifest.digest")
    platform = serializers.CharField(source="manifest.platform")
    size_bytes = serializers.IntegerField(source="manifest.size_bytes")
    shared_bytes = serializers.IntegerField()
    is_image = serializers.BooleanField()
    layers = LayerSerializer(many=True)
    configuration = serializers.DictField(source="manifest.facts")


class ReferrerSerializer(serializers.Serializer[Any]):
    """A signature, SBOM or attestation; `found_by` is `subject`, `index`, or the tag under which it lies."""

    kind = serializers.CharField(source="kind.word")
    digest = serializers.CharField(source="manifest.digest")
    artifact_type = serializers.CharField(source="manifest.artifact_type")
    about = serializers.CharField()
    found_by = serializers.CharField()
    files = serializers.ListField(child=serializers.CharField())


class UseSerializer(serializers.Serializer[Any]):
    """A service that names the tag, and whether it runs what the tag points at now."""

    service = serializers.CharField(source="service.name")
    service_id = serializers.IntegerField(source="service.pk")
    is_current = serializers.BooleanField()


class ArtifactSerializer(serializers.Serializer[Any]):
    """All that is known of what a tag points at."""

    digest = serializers.CharField(source="manifest.digest")
    media_type = serializers.CharField(source="manifest.media_type")
    artifact_type = serializers.CharField(source="manifest.artifact_type")
    kind = serializers.CharField(source="kind.word")
    annotations = serializers.DictField(
        source="manifest.annotations", child=serializers.CharField()
    )
    parts = PartSerializer(many=True)
    referrers = ReferrerSerializer(many=True)
    uses = UseSerializer(many=True)


class MoveSerializer(serializers.ModelSerializer[TagMove]):
    """What a tag pointed at, from when on, and who pushed it."""

    class Meta:
        """All facts."""

        model = TagMove
        fields = ("digest", "at", "by")
        read_only_fields = fields


class DayFigureSerializer(serializers.Serializer[Any]):
    """One day's figure."""

    day = serializers.DateField()
    value = serializers.IntegerField()


class TrendSerializer(serializers.Serializer[Any]):
    """Figures of days, the oldest first."""

    days = DayFigureSerializer(many=True)


class ReadmeSerializer(serializers.Serializer[Any]):
    """A repository's README; `html` is rendered and cleaned."""

    readme = serializers.CharField(
        max_length=LONGEST_README, allow_blank=True, trim_whitespace=False
    )
    html = serializers.CharField(read_only=True)


class FoundSerializer(serializers.Serializer[Any]):
    """What a search found, the first 50 of each; `is_cut`: there was more."""

    query = serializers.CharField()
    repositories = RepositorySerializer(many=True)
    tags = TagSerializer(many=True)
    is_cut = serializers.BooleanField()


class StorageSerializer(serializers.Serializer[Any]):
    """The whole registry: each blob once, and on disk where it lies on the portal's machine."""

    day = serializers.DateField()
    stored_bytes = serializers.IntegerField()
    disk_bytes = serializers.IntegerField(allow_null=True)
    free_bytes = serializers.IntegerField(allow_null=True)

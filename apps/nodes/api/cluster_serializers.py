"""How what is said and asked of clusters and engines looks in the API."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.nodes.models import EngineDiskUsage
from dce_portal.api.serializers import StrictSerializer


class QuorumSerializer(serializers.Serializer[Any]):
    """How many managers reach each other."""

    total = serializers.IntegerField()
    reachable = serializers.IntegerField()
    needed = serializers.IntegerField(help_text=_("More than half of all."))
    tolerated = serializers.IntegerField(
        help_text=_("How many more may fail before nothing can be changed any more.")
    )


class ClusterFactsSerializer(serializers.Serializer[Any]):
    """What a Swarm says of itself; no token is part of it."""

    is_rotating_root = serializers.BooleanField()
    is_autolocked = serializers.BooleanField()
    node_certificate_validity_s = serializers.IntegerField()
    task_history = serializers.IntegerField()
    heartbeat_s = serializers.FloatField()
    trust_root_fingerprint = serializers.CharField()
    trust_root_expires_at = serializers.DateTimeField(allow_null=True)
    raft_snapshot_interval = serializers.IntegerField()
    raft_log_entries_kept = serializers.IntegerField()
    raft_heartbeat_ticks = serializers.IntegerField()
    raft_election_ticks = serializers.IntegerField()
    managers = QuorumSerializer()


class TokensSerializer(StrictSerializer):
    """Which join tokens to rotate; at least one."""

    worker = serializers.BooleanField(default=False)
    manager = serializers.BooleanField(default=False)

    def validate(self, attrs: dict[str, bool]) -> dict[str, bool]:
        """Refuse a wish for nothing."""
        if not any(attrs.values()):
            raise serializers.ValidationError(_("Choose worker, manager, or both."))
        return attrs


class AutolockSerializer(StrictSerializer):
    """Whether managers that restart wait for the unlock key."""

    enabled = serializers.BooleanField()


class RenameSerializer(StrictSerializer):
    """The cluster's other name."""

    name = serializers.CharField(max_length=64)


class UnlockSerializer(StrictSerializer):
    """The unlock key; an empty one is asked of another manager."""

    key = serializers.CharField(
        max_length=200,
        allow_blank=True,
        default="",
        write_only=True,
        style={"input_type": "password"},
    )


class PruneSerializer(StrictSerializer):
    """Which unused things to remove; at least one, and volumes only by their name here."""

    stopped_containers = serializers.BooleanField(default=False)
    dangling_images = serializers.BooleanField(default=False)
    unused_images = serializers.BooleanField(default=False)
    build_cache = serializers.BooleanField(default=False)
    unused_volumes = serializers.BooleanField(default=False)

    def validate(self, attrs: dict[str, bool]) -> dict[str, bool]:
        """Refuse a wish for nothing."""
        if not any(attrs.values()):
            raise serializers.ValidationError(_("Choose what to remove."))
        return attrs


class JoinTokensSerializer(serializers.Serializer[Any]):
    """What a host needs to join by hand."""

    worker_token = serializers.CharField()
    manager_token = serializers.CharField()
    manager_addresses = serializers.ListField(child=serializers.CharField())


class UnlockKeySerializer(serializers.Serializer[Any]):
    """The unlock key; empty while autolock is off."""

    unlock_key = serializers.CharField(allow_blank=True)


class DiskShareSerializer(serializers.Serializer[Any]):
    """One kind of thing on the disk; `free_bytes` is at least what removing the unused ones frees."""

    count = serializers.IntegerField()
    size_bytes = serializers.IntegerField()
    free_count = serializers.IntegerField()
    free_bytes = serializers.IntegerField()


class DiskUsageSerializer(serializers.Serializer[EngineDiskUsage]):
    """What an engine's disk held at a moment."""

    measured_at = serializers.DateTimeField()
    took_s = serializers.FloatField()
    images = DiskShareSerializer(source="usage.images")
    dangling_images = DiskShareSerializer(source="usage.dangling_images")
    containers = DiskShareSerializer(source="usage.containers")
    volumes = DiskShareSerializer(source="usage.volumes")
    build_cache = DiskShareSerializer(source="usage.build_cache")
    unused_images = serializers.ListField(
        child=serializers.CharField(), source="usage.unused_images"
    )
    unused_volumes = serializers.ListField(
        child=serializers.CharField(), source="usage.unused_volumes"
    )

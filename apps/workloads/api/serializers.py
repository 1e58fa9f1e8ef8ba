"""How services, tasks, containers and the engines' images look in the API."""

from __future__ import annotations

from rest_framework import serializers

from apps.workloads.models import Container, EngineImage, Service, Stack, Task

MIRROR = ("id", "url", "native_id", "observed_at", "source")


def texts() -> serializers.ListField:
    """A list of texts that the mirror keeps as JSON."""
    return serializers.ListField(child=serializers.CharField(), read_only=True)


def labels() -> serializers.DictField:
    """Names and values that the mirror keeps as JSON."""
    return serializers.DictField(child=serializers.CharField(), read_only=True)


class ServiceSerializer(serializers.ModelSerializer[Service]):
    """A Swarm service as last seen."""

    url = serializers.HyperlinkedIdentityField(view_name="api:service-detail")
    labels = labels()
    ports = texts()
    constraints = texts()
    platforms = texts()

    class Meta:
        """All facts."""

        model = Service
        fields = (
            *MIRROR,
            "cluster",
            "name",
            "stack",
            "image",
            "mode",
            "desired_tasks",
            "running_tasks",
            "update_state",
            "update_message",
            "labels",
            "ports",
            "cpu_limit",
            "memory_limit_bytes",
            "cpu_reservation",
            "memory_reservation_bytes",
            "constraints",
            "platforms",
            "max_per_node",
            "update_parallelism",
            "created_at",
            "updated_at",
            "version_index",
        )
        read_only_fields = fields


class StackSerializer(serializers.ModelSerializer[Stack]):
    """A stack, with what it consists of in numbers."""

    url = serializers.HyperlinkedIdentityField(view_name="api:stack-detail")
    service_count = serializers.IntegerField(read_only=True)
    running_tasks = serializers.IntegerField(source="running", read_only=True)
    desired_tasks = serializers.IntegerField(source="desired", read_only=True)
    container_count = serializers.IntegerField(read_only=True)

    class Meta:
        """All facts."""

        model = Stack
        fields = (
            "id",
            "url",
            "cluster",
            "name",
            "service_count",
            "running_tasks",
            "desired_tasks",
            "container_count",
            "observed_at",
            "source",
        )
        read_only_fields = fields


class TaskSerializer(serializers.ModelSerializer[Task]):
    """A task as last seen; its node being stale makes `state` old news."""

    url = serializers.HyperlinkedIdentityField(view_name="api:task-detail")

    class Meta:
        """All facts."""

        model = Task
        fields = (
            *MIRROR,
            "cluster",
            "service",
            "node",
            "slot",
            "state",
            "desired_state",
            "message",
            "error",
            "image",
            "container_native_id",
            "exit_code",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class ContainerSerializer(serializers.ModelSerializer[Container]):
    """A container as its node's engine last told."""

    url = serializers.HyperlinkedIdentityField(view_name="api:container-detail")
    cluster = serializers.IntegerField(source="node.cluster_id", read_only=True)
    labels = labels()
    ports = texts()
    networks = texts()

    class Meta:
        """All facts."""

        model = Container
        fields = (
            *MIRROR,
            "cluster",
            "node",
            "service",
            "name",
            "image",
            "image_native_id",
            "command",
            "state",
            "status",
            "health",
            "labels",
            "ports",
            "networks",
            "task_native_id",
            "stack",
            "created_at",
        )
        read_only_fields = fields


class ImageSerializer(serializers.ModelSerializer[EngineImage]):
    """An image in an engine's store."""

    url = serializers.HyperlinkedIdentityField(view_name="api:image-detail")
    cluster = serializers.IntegerField(source="node.cluster_id", read_only=True)
    tags = texts()
    digests = texts()
    labels = labels()

    class Meta:
        """All facts."""

        model = EngineImage
        fields = (
            *MIRROR,
            "cluster",
            "node",
            "tags",
            "digests",
            "size_bytes",
            "labels",
            "created_at",
        )
        read_only_fields = fields

"""Which column of each mirror's row holds which field of what a manager or an engine says."""

from __future__ import annotations

from dataclasses import fields

from apps.nodes.ports import ContainerInfo, ImageInfo, ServiceInfo, TaskInfo
from apps.nodes.ports.upkeep import VolumeInfo
from dce_portal.mirrors import Shape, same_names

SERVICE = Shape(ServiceInfo, same_names(*(field.name for field in fields(ServiceInfo))))
TASK = Shape(
    TaskInfo,
    same_names(*(field.name for field in fields(TaskInfo)))
    | {
        "service_id": "service__native_id",
        "node_id": "node__native_id",
        "container_id": "container_native_id",
    },
)
CONTAINER = Shape(
    ContainerInfo,
    same_names(*(field.name for field in fields(ContainerInfo)))
    | {
        "image_id": "image_native_id",
        "service_id": "service__native_id",
        "task_id": "task_native_id",
    },
)
IMAGE = Shape(ImageInfo, same_names(*(field.name for field in fields(ImageInfo))))
VOLUME = Shape(VolumeInfo, same_names(*(field.name for field in fields(VolumeInfo))))

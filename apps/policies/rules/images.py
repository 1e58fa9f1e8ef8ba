"""What of a manifest and its configuration the rules for images look at; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from apps.policies.rules.deciding import ImageFact
from apps.registry.ports import IMAGE_TYPES, ManifestInfo

# What has a configuration of such a kind is an image, also where the configuration cannot be read.
CONFIG_TYPES: Final = frozenset(
    (
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.container.image.v1+json",
    )
)


def has_config(manifest: ManifestInfo) -> bool:
    """Whether the platform is in a configuration."""
    return manifest.media_type in IMAGE_TYPES


def image_fact(manifest: ManifestInfo, config: Mapping[str, Any], *, size_bytes: int) -> ImageFact:
    """The platforms that an index names, or the one of an image's configuration; and the size."""
    platforms: tuple[str, ...] = tuple(child.platform for child in manifest.children)
    is_image = bool(platforms)
    if has_config(manifest):
        fields = _lower(config)
        is_image = bool(
            fields.get("os") or fields.get("rootfs") or manifest.artifact_type in CONFIG_TYPES
        )
        platforms = (_platform(fields),)
    # An index may leave a platform out; each image behind it is looked at by itself.
    known = platforms if not manifest.children else tuple(one for one in platforms if one)
    return ImageFact(platforms=known, size_bytes=size_bytes, is_image=is_image and bool(known))


def declared_sizes(manifest: ManifestInfo) -> dict[str, int]:
    """Bytes by digest of configuration and layers, as the manifest says."""
    declared = {layer.digest: layer.size_bytes for layer in manifest.layers}
    if manifest.config_digest:
        declared[manifest.config_digest] = manifest.size_bytes - sum(
            layer.size_bytes for layer in manifest.layers
        )
    return declared


def _lower(config: Mapping[str, Any]) -> dict[str, Any]:
    """Engines, being written in Go, take a field's name in any case."""
    return {name.lower(): value for name, value in config.items()}


def _platform(config: Mapping[str, Any]) -> str:
    parts = (config.get("os"), config.get("architecture"), config.get("variant"))
    return "/".join(str(part) for part in parts if part)

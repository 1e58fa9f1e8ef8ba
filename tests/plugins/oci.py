"""Writes OCI layouts, the folders that skopeo pushes: one image, or one name for several platforms."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
TAG_ANNOTATION = "org.opencontainers.image.ref.name"


@dataclass(frozen=True, slots=True)
class Layout:
    """A written layout, its manifest's digest, and how skopeo names it."""

    folder: Path
    digest: str
    tag: str = "test"

    @property
    def source(self) -> str:
        """For `skopeo copy`."""
        return f"oci:{self.folder}:{self.tag}"


def write_image(
    folder: Path, *, content: bytes = b"hello\n", platform: str = "linux/amd64"
) -> Layout:
    """An image with one small layer."""
    image = _put_image(folder, content, platform)
    return _finish(folder, image)


def write_index(
    folder: Path, *, platforms: Sequence[str] = ("linux/amd64", "linux/arm64/v8")
) -> Layout:
    """One name for several platforms."""
    entries = []
    for platform in platforms:
        image = _put_image(folder, platform.encode(), platform)
        entries.append({**image, "platform": _platform_fields(platform)})
    document = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": entries}
    return _finish(folder, _put_json(folder, document, INDEX_TYPE))


def _put_image(folder: Path, content: bytes, platform: str) -> dict[str, Any]:
    layer = _tar({"greeting": content})
    fields = _platform_fields(platform)
    diff_id = f"sha256:{hashlib.sha256(layer).hexdigest()}"
    config = {**fields, "config": {}, "rootfs": {"type": "layers", "diff_ids": [diff_id]}}
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": _put_json(folder, config, CONFIG_TYPE),
        "layers": [_put(folder, layer, LAYER_TYPE)],
    }
    return _put_json(folder, manifest, MANIFEST_TYPE)


def _platform_fields(platform: str) -> dict[str, str]:
    return dict(zip(("os", "architecture", "variant"), platform.split("/"), strict=False))


def _tar(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _put_json(folder: Path, document: Mapping[str, Any], media_type: str) -> dict[str, Any]:
    return _put(folder, json.dumps(document).encode(), media_type)


def _put(folder: Path, content: bytes, media_type: str) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)
    (blobs / digest).write_bytes(content)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}


def _finish(folder: Path, descriptor: dict[str, Any]) -> Layout:
    layout = Layout(folder, descriptor["digest"])
    named = {**descriptor, "annotations": {TAG_ANNOTATION: layout.tag}}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [named]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return layout

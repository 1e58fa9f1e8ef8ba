"""Small multi-platform images as OCI layouts, made on the spot."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def write_index(folder: Path, *, platforms: Sequence[str], tag: str = "1") -> str:
    """Write an image of one small file for several architectures; returns the index's digest."""
    (folder / "blobs" / "sha256").mkdir(parents=True)
    manifests = [_image(folder, architecture) for architecture in platforms]
    index = _blob(folder, _json({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}))
    entry = {"mediaType": INDEX, **index, "annotations": {"org.opencontainers.image.ref.name": tag}}
    (folder / "index.json").write_bytes(_json({"schemaVersion": 2, "manifests": [entry]}))
    (folder / "oci-layout").write_bytes(_json({"imageLayoutVersion": "1.0.0"}))
    return str(index["digest"])


def _image(folder: Path, architecture: str) -> dict[str, Any]:
    content = _layer(architecture)
    # Packed already: a client that packed it on the way would change every digest.
    layer = {"mediaType": LAYER, **_blob(folder, gzip.compress(content, mtime=0))}
    rootfs = {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(content).hexdigest()}"]}
    config = _json({"architecture": architecture, "os": "linux", "rootfs": rootfs})
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, **_blob(folder, config)},
        "layers": [layer],
    }
    platform = {"architecture": architecture, "os": "linux"}
    return {"mediaType": MANIFEST, **_blob(folder, _json(manifest)), "platform": platform}


def _layer(text: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        entry = tarfile.TarInfo("architecture")
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


def _blob(folder: Path, content: bytes) -> dict[str, Any]:
    name = hashlib.sha256(content).hexdigest()
    (folder / "blobs" / "sha256" / name).write_bytes(content)
    return {"digest": f"sha256:{name}", "size": len(content)}


def _json(document: object) -> bytes:
    return json.dumps(document, sort_keys=True).encode()

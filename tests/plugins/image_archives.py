"""Small images as files, in the shapes that `docker save` and OCI tools write."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def docker_archive(path: Path, *, version: str = "1.2.3", content: bytes = b"agent") -> str:
    """Write what `docker save` writes; returns the configuration's digest."""
    layer = _layer(content)
    config = _config(layer, version)
    name = hashlib.sha256(config).hexdigest()
    manifest = [{"Config": f"{name}.json", "RepoTags": [], "Layers": ["one/layer.tar"]}]
    files = {f"{name}.json": config, "one/layer.tar": layer, "manifest.json": _bytes(manifest)}
    path.write_bytes(_tar(files))
    return f"sha256:{name}"


def oci_archive(path: Path, *, version: str = "1.2.3", content: bytes = b"agent") -> str:
    """Write a tar of an OCI layout with a packed layer; returns the configuration's digest."""
    layer = _layer(content)
    packed, config = gzip.compress(layer, mtime=0), _config(layer, version)
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _descriptor(config),
        "layers": [_descriptor(packed)],
    }
    manifest = _bytes(document)
    index = {"schemaVersion": 2, "manifests": [_descriptor(manifest)]}
    files = {_place(blob): blob for blob in (packed, config, manifest)}
    path.write_bytes(_tar({**files, "index.json": _bytes(index)}))
    return str(_descriptor(config)["digest"])


def _config(layer: bytes, version: str) -> bytes:
    labels = {"org.opencontainers.image.version": version} if version else {}
    diff_id = f"sha256:{hashlib.sha256(layer).hexdigest()}"
    return _bytes(
        {
            "os": "linux",
            "architecture": "amd64",
            "config": {"Labels": labels},
            "rootfs": {"type": "layers", "diff_ids": [diff_id]},
        }
    )


def _layer(content: bytes) -> bytes:
    return _tar({"agent": content})


def _descriptor(blob: bytes) -> dict[str, Any]:
    digest = f"sha256:{hashlib.sha256(blob).hexdigest()}"
    return {"mediaType": "x/y", "digest": digest, "size": len(blob)}


def _place(blob: bytes) -> str:
    return f"blobs/sha256/{hashlib.sha256(blob).hexdigest()}"


def _bytes(document: object) -> bytes:
    return json.dumps(document, sort_keys=True).encode()


def _tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()

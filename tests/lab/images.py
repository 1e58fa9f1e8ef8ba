"""Images made on the spot without a registry, equal byte for byte wherever they are made."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import platform
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path

from .api import EngineApi
from .host import LabError

BUSYBOX_IMAGE = "lab/busybox:1"
APPLETS = ("sh", "sleep", "cat", "echo", "dd", "wget", "httpd", "hostname", "ls", "ps")
# Counts for a moment, rests for a second: some CPU, so that charts have something to show.
BURN = "while true; do i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 1; done"


def load(
    api: EngineApi, *, name: str = BUSYBOX_IMAGE, extra: Mapping[str, bytes] | None = None
) -> str:
    """Put a busybox image on an engine and return its ID; ``extra`` files make another image."""
    image_id, content = archive(name, extra=extra)
    answer = api.post("/images/load", content, quiet=1)
    if "errorDetail" in str(answer):
        raise LabError(f"The engine refused the image {name}: {answer}")
    return image_id


def archive(name: str, *, extra: Mapping[str, bytes] | None = None) -> tuple[str, bytes]:
    """The image's ID, and the file that ``docker load`` takes."""
    layer = _archive(
        {**_busybox(), **(extra or {})}, links={f"bin/{applet}": "busybox" for applet in APPLETS}
    )
    config = _config(layer)
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    parts = {
        "config.json": config,
        "layer.tar": layer,
        "manifest.json": json.dumps(manifest).encode(),
    }
    return f"sha256:{hashlib.sha256(config).hexdigest()}", _archive(parts)


def _config(layer: bytes) -> bytes:
    config = {
        "architecture": _architecture(),
        "os": "linux",
        "created": "2020-01-01T00:00:00Z",
        "config": {"Cmd": ["/bin/sh", "-c", BURN], "Env": ["PATH=/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    return json.dumps(config, sort_keys=True).encode()


def _architecture() -> str:
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


@functools.cache
def _busybox() -> dict[str, bytes]:
    path = shutil.which("busybox")
    if path is None:
        raise LabError("busybox is missing: install the package busybox-static.")
    return {"bin/busybox": Path(path).read_bytes()}


def _archive(files: Mapping[str, bytes], *, links: Mapping[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            archive.addfile(entry, io.BytesIO(content))
        for name, target in (links or {}).items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
    return buffer.getvalue()

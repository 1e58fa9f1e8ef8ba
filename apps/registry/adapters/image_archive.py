"""Reads one image out of a file, as `docker save` writes it or as a tar of an OCI layout."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final

from django.utils.translation import gettext as _

from dce_portal.errors import InvalidInput

CONFIG_TYPE: Final = "application/vnd.docker.container.image.v1+json"
LAYER_TYPE: Final = "application/vnd.docker.image.rootfs.diff.tar.gzip"
VERSION_LABEL: Final = "org.opencontainers.image.version"
DOCUMENT_LIMIT_BYTES: Final = 4 * 1024 * 1024
GZIP_MAGIC: Final = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class ArchivedImage:
    """An image in an open archive: its configuration, and the places of its layers."""

    config: bytes
    layers: tuple[str, ...]

    @property
    def config_digest(self) -> str:
        """The image's identity: layers have other digests once they are packed, this has not."""
        return f"sha256:{sha256(self.config).hexdigest()}"

    @property
    def version(self) -> str:
        """What its label says, empty without one."""
        labels = (json.loads(self.config).get("config") or {}).get("Labels") or {}
        return str(labels.get(VERSION_LABEL, ""))


@dataclass(frozen=True, slots=True)
class ImageArchive:
    """An open archive with one image in it."""

    image: ArchivedImage
    _tar: tarfile.TarFile

    @contextmanager
    def layer(self, place: str) -> Iterator[tuple[IO[bytes], bool]]:
        """The content of a layer, and whether it is packed (gzip) already."""
        with _member(self._tar, place) as content:
            is_packed = content.read(2) == GZIP_MAGIC
            content.seek(0)
            yield content, is_packed


@contextmanager
def open_archive(path: Path) -> Iterator[ImageArchive]:
    """Read what the archive holds; InvalidInput names the file and what is wrong with it."""
    try:
        with tarfile.open(path, "r:*") as tar:
            yield ImageArchive(_image_of(tar), tar)
    except (OSError, tarfile.TarError, ValueError, KeyError, IndexError, TypeError) as error:
        raise InvalidInput(
            _("The image in %(path)s cannot be read: %(cause)s.") % {"path": path, "cause": error}
        ) from error


def _image_of(tar: tarfile.TarFile) -> ArchivedImage:
    names = set(tar.getnames())
    if "manifest.json" in names:
        entry = _json(tar, "manifest.json")[0]
        return ArchivedImage(_document(tar, entry["Config"]), tuple(entry["Layers"]))
    manifest = _json(tar, _blob_place(_json(tar, "index.json")["manifests"][0]["digest"]))
    layers = tuple(_blob_place(layer["digest"]) for layer in manifest["layers"])
    return ArchivedImage(_document(tar, _blob_place(manifest["config"]["digest"])), layers)


def _blob_place(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/", 1)


def _json(tar: tarfile.TarFile, place: str) -> Any:  # noqa: ANN401 - as the file has it
    return json.loads(_document(tar, place))


def _document(tar: tarfile.TarFile, place: str) -> bytes:
    with _member(tar, place) as content:
        found = content.read(DOCUMENT_LIMIT_BYTES + 1)
    if len(found) > DOCUMENT_LIMIT_BYTES:
        raise ValueError(f"{place} is too large")
    return found


@contextmanager
def _member(tar: tarfile.TarFile, place: str) -> Iterator[IO[bytes]]:
    content = tar.extractfile(place)
    if content is None:
        raise ValueError(f"{place} is no file")
    with content:
        yield content

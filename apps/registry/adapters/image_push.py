"""Puts an archived image into a registry, blob by blob; what the registry has is not sent again."""

from __future__ import annotations

import gzip
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import quote, urljoin

import requests
from django.utils.translation import gettext as _

from apps.registry.adapters.distribution import SOCKET_ORIGIN, TokenSource
from apps.registry.adapters.image_archive import (
    CONFIG_TYPE,
    LAYER_TYPE,
    ImageArchive,
    open_archive,
)
from apps.registry.adapters.unix_socket import UnixSocketAdapter
from apps.registry.ports import USER_AGENT, ArchiveInfo
from dce_portal.errors import Unavailable

MANIFEST_TYPE: Final = "application/vnd.docker.distribution.manifest.v2+json"
# A layer is written to disk before the registry answers.
TIMEOUT_S: Final = (3.0, 120.0)
# The first levels shrink binaries almost as far as the last, in a fraction of the time.
GZIP_LEVEL: Final = 4


def read_archive(path: Path) -> ArchiveInfo:
    """Which image a file holds."""
    with open_archive(path) as archive:
        return ArchiveInfo(archive.image.version, archive.image.config_digest)


class ImagePush:
    """The ImagePushPort over the registry's API."""

    def __init__(
        self,
        base_url: str,
        *,
        token: TokenSource,
        socket: Path | None = None,
        read_only_file: Path | None = None,
    ) -> None:
        """Prepare the session; nothing connects before the first call, or is written while that file is there."""
        self._base = base_url.rstrip("/")
        self._read_only_file = read_only_file
        self._token = token
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["User-Agent"] = USER_AGENT
        if socket is not None:
            self._session.mount("http://", UnixSocketAdapter(socket, timeout_s=TIMEOUT_S[1]))

    def push(self, path: Path, *, repository: str, tag: str) -> str:
        """Send what the registry lacks of the image in a file; returns the manifest's digest."""
        with open_archive(path) as archive:
            layers = [
                self._push_layer(archive, place, repository) for place in archive.image.layers
            ]
            config = self._push_config(archive.image.config, repository)
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": config,
            "layers": layers,
        }
        return self._put_manifest(json.dumps(manifest).encode(), repository, tag)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _push_layer(self, archive: ImageArchive, place: str, repository: str) -> dict[str, Any]:
        with archive.layer(place) as (content, is_packed), _packed(content, is_packed) as blob:
            return self._push_blob(blob, LAYER_TYPE, repository)

    def _push_config(self, config: bytes, repository: str) -> dict[str, Any]:
        with tempfile.TemporaryFile() as blob:
            blob.write(config)
            blob.seek(0)
            return self._push_blob(blob, CONFIG_TYPE, repository)

    def _push_blob(self, blob: IO[bytes], media_type: str, repository: str) -> dict[str, Any]:
        digest = f"sha256:{file_digest(blob, 'sha256').hexdigest()}"  # type: ignore[arg-type]  # any readable file will do
        size_bytes = blob.tell()
        if not self._has(repository, digest):
            blob.seek(0)
            self._upload(blob, repository=repository, digest=digest)
        return {"mediaType": media_type, "size": size_bytes, "digest": digest}

    def _has(self, repository: str, digest: str) -> bool:
        path = f"/v2/{quote(repository)}/blobs/{digest}"
        return self._send("HEAD", path, repository, accepted=(200, 404)).status_code == 200

    def _upload(self, blob: IO[bytes], *, repository: str, digest: str) -> None:
        started = self._send(
            "POST", f"/v2/{quote(repository)}/blobs/uploads/", repository, accepted=(202,)
        )
        place = urljoin(f"{SOCKET_ORIGIN}/", started.headers.get("Location", ""))
        path = "/" + place.split("/", 3)[3]
        mark = "&" if "?" in path else "?"
        headers = {"Content-Type": "application/octet-stream"}
        self._send(
            "PUT",
            f"{path}{mark}digest={quote(digest)}",
            repository,
            accepted=(201,),
            headers=headers,
            body=blob,
        )

    def _put_manifest(self, manifest: bytes, repository: str, tag: str) -> str:
        path = f"/v2/{quote(repository)}/manifests/{quote(tag)}"
        headers = {"Content-Type": MANIFEST_TYPE}
        answer = self._send(
            "PUT", path, repository, accepted=(201,), headers=headers, body=manifest
        )
        return answer.headers.get("Docker-Content-Digest", "")

    def _send(
        self,
        method: str,
        path: str,
        repository: str,
        *,
        accepted: tuple[int, ...],
        headers: Mapping[str, str] | None = None,
        body: IO[bytes] | bytes | None = None,
    ) -> requests.Response:
        self._refuse_while_read_only(method)
        sent = {**(headers or {}), "Authorization": f"Bearer {self._token(repository)}"}
        try:
            answer = self._session.request(
                method, self._base + path, headers=sent, data=body, timeout=TIMEOUT_S
            )
        except requests.RequestException as error:
            raise Unavailable(
                _("The registry did not take the image (%(cause)s); it is tried again.")
                % {"cause": error}
            ) from error
        if answer.status_code not in accepted:
            raise Unavailable(
                _("The registry did not take the image (status %(status)s); it is tried again.")
                % {"status": answer.status_code}
            )
        return answer

    def _refuse_while_read_only(self, method: str) -> None:
        if method == "HEAD" or self._read_only_file is None or not self._read_only_file.exists():
            return
        raise Unavailable(
            _("The registry is read-only while it wins back space; it is tried again.")
        )


@contextmanager
def _packed(content: IO[bytes], is_packed: bool) -> Iterator[IO[bytes]]:  # noqa: FBT001 - as the archive tells it
    """The layer as gzip in a file that can be read twice; equal content gives equal bytes."""
    with tempfile.TemporaryFile() as file:
        if is_packed:
            shutil.copyfileobj(content, file)
        else:
            with gzip.GzipFile("", "wb", GZIP_LEVEL, file, mtime=0) as packer:
                shutil.copyfileobj(content, packer)
        file.seek(0)
        yield file

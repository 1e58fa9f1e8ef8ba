"""Edits a CNCF Distribution registry, 2.8 or 3.x, over its unix socket or its address."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urljoin

import requests
from django.utils.translation import gettext as _

from apps.registry.adapters.unix_socket import UnixSocketAdapter
from apps.registry.ports import MANIFEST_TYPES, USER_AGENT
from dce_portal.errors import Unavailable

SOCKET_ORIGIN: Final = "http://registry"
TIMEOUT_S: Final = (3.0, 60.0)
CONFIG_LIMIT_BYTES: Final = 4 * 1024 * 1024
ACCEPT: Final = ", ".join(sorted(MANIFEST_TYPES))
THROWAWAY_TYPE: Final = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG_TYPE: Final = "application/vnd.docker.container.image.v1+json"

TokenSource = Callable[[str | None], str]


class RegistryEdit:
    """The RegistryEditPort; `token` signs the portal's own requests."""

    def __init__(self, base_url: str, *, token: TokenSource, socket: Path | None = None) -> None:
        """Prepare the session; nothing connects before the first call."""
        self._base = base_url.rstrip("/")
        self._token = token
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["User-Agent"] = USER_AGENT
        if socket is not None:
            self._session.mount("http://", UnixSocketAdapter(socket, timeout_s=TIMEOUT_S[1]))

    def tag_digest(self, repository: str, tag: str) -> str | None:
        """The digest that a tag points at now."""
        answer = self._send("HEAD", repository, f"manifests/{quote(tag)}", accepted=(200, 404))
        found: str | None = answer.headers.get("Docker-Content-Digest")
        return found if answer.status_code == 200 else None

    def config(self, repository: str, digest: str) -> Mapping[str, Any]:
        """An image's configuration."""
        answer = self._send("GET", repository, f"blobs/{digest}", accepted=(200, 404))
        with answer:
            if answer.status_code == 404:
                return {}
            body = answer.raw.read(CONFIG_LIMIT_BYTES + 1, decode_content=True)
        try:
            document = json.loads(body) if len(body) <= CONFIG_LIMIT_BYTES else {}
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}

    def delete_manifest(self, repository: str, digest: str) -> bool:
        """Delete a manifest with all its tags."""
        answer = self._send("DELETE", repository, f"manifests/{digest}", accepted=(202, 404))
        return answer.status_code == 202

    def untag(self, repository: str, tag: str) -> None:
        """By the tag where the registry can (3.x), else by way of a manifest that nobody else names."""
        path = f"manifests/{quote(tag)}"
        answer = self._send("DELETE", repository, path, accepted=(202, 400, 404, 405))
        if answer.status_code in (400, 405):
            self._untag_by_throwaway(repository, tag)

    def finish_untag(self, repository: str, tag: str) -> bool:
        """The throwaway manifest of this tag is deleted where the tag still points at it."""
        digest = _digest(_manifest_for(_config_for(repository, tag)))
        if self.tag_digest(repository, tag) != digest:
            return False
        return self.delete_manifest(repository, digest)

    def _untag_by_throwaway(self, repository: str, tag: str) -> None:
        """Registry 2.8 deletes by digest alone: give the tag a digest of its own, and delete that.

        The manifest is the same for the same tag, so that what was interrupted can be repeated.
        """
        config = _config_for(repository, tag)
        self._upload(repository, config)
        manifest = _manifest_for(config)
        headers = {"Content-Type": THROWAWAY_TYPE}
        path = f"manifests/{quote(tag)}"
        self._send("PUT", repository, path, accepted=(201,), headers=headers, body=manifest)
        self.delete_manifest(repository, _digest(manifest))

    def _upload(self, repository: str, content: bytes) -> None:
        started = self._send("POST", repository, "blobs/uploads/", accepted=(202,))
        place = urljoin(f"{SOCKET_ORIGIN}/", started.headers.get("Location", ""))
        path = "/" + place.split("/", 3)[3]
        mark = "&" if "?" in path else "?"
        address = f"{path}{mark}digest={_digest(content)}"
        headers = {"Content-Type": "application/octet-stream"}
        self._send("PUT", repository, address, accepted=(201,), headers=headers, body=content)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _send(
        self,
        method: str,
        repository: str,
        path: str,
        *,
        accepted: tuple[int, ...],
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> requests.Response:
        address = path if path.startswith("/") else f"/v2/{quote(repository)}/{path}"
        sent = {"Accept": ACCEPT, "Authorization": f"Bearer {self._token(repository)}"}
        try:
            answer = self._session.request(
                method,
                self._base + address,
                headers={**sent, **(headers or {})},
                data=body,
                timeout=TIMEOUT_S,
                stream=method == "GET",
            )
        except requests.RequestException as error:
            raise Unavailable(
                _("The registry did not answer (%(cause)s); nothing more was changed.")
                % {"cause": error}
            ) from error
        if answer.status_code not in accepted:
            answer.close()
            raise _refused(answer)
        return answer


def _refused(answer: requests.Response) -> Unavailable:
    return Unavailable(
        _("The registry refused the portal's request (status %(status)s).")
        % {"status": answer.status_code}
    )


def _config_for(repository: str, tag: str) -> bytes:
    return _json({"dce.removes": f"{repository}:{tag}"})


def _manifest_for(config: bytes) -> bytes:
    entry = {"mediaType": CONFIG_TYPE, "size": len(config), "digest": _digest(config)}
    return _json({"schemaVersion": 2, "mediaType": THROWAWAY_TYPE, "config": entry, "layers": []})


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _json(document: object) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()

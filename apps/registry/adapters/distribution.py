"""Speaks to a CNCF Distribution registry, 2.8 or 3.x, over its unix socket or its address."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urljoin

import requests
from django.utils.translation import gettext as _

from apps.registry.adapters.manifests import ManifestUnreadable, parse_manifest, platform_of
from apps.registry.adapters.unix_socket import UnixSocketAdapter
from apps.registry.ports import IMAGE_TYPES, MANIFEST_TYPES, USER_AGENT, ManifestInfo
from dce_portal.errors import NotFound, Unavailable

SOCKET_ORIGIN: Final = "http://registry"
TIMEOUT_S: Final = (3.0, 15.0)
MANIFEST_LIMIT_BYTES: Final = 4 * 1024 * 1024
LIST_LIMIT_BYTES: Final = 64 * 1024 * 1024
PAGE_ROWS: Final = 1000
MOST_PAGES: Final = 10_000
ACCEPT: Final = ", ".join(sorted(MANIFEST_TYPES))

# Gives the bearer token for one repository, or for the catalogue (None).
TokenSource = Callable[[str | None], str]


class DistributionRegistry:
    """The registry behind a base address; `token` signs the portal's own requests."""

    def __init__(self, base_url: str, *, token: TokenSource, socket: Path | None = None) -> None:
        """Prepare the session; nothing connects before the first call."""
        self._base = base_url.rstrip("/")
        self._token = token
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["User-Agent"] = USER_AGENT
        if socket is not None:
            self._session.mount("http://", UnixSocketAdapter(socket, timeout_s=TIMEOUT_S[1]))

    def repositories(self) -> Iterator[str]:
        """Every repository's name, page after page."""
        for page in self._pages("/v2/_catalog", repository=None):
            yield from page.get("repositories") or ()

    def tags(self, repository: str) -> tuple[str, ...]:
        """A repository's tags; empty when all were deleted."""
        pages = self._pages(f"/v2/{quote(repository)}/tags/list", repository=repository)
        return tuple(tag for page in pages for tag in page.get("tags") or ())

    def digest_of(self, repository: str, *, tag: str) -> str:
        """The digest that a tag points at."""
        answer = self._send("HEAD", _manifest_path(repository, tag), repository=repository)
        digest = answer.headers.get("Docker-Content-Digest", "")
        if not digest:
            raise self._unreadable(_("it names no digest for %(tag)s") % {"tag": tag})
        return digest

    def manifest(self, repository: str, *, digest: str) -> ManifestInfo:
        """Read one manifest, and an image's platform from its configuration."""
        answer = self._send("GET", _manifest_path(repository, digest), repository=repository)
        body = _limited(answer, MANIFEST_LIMIT_BYTES)
        media_type = answer.headers.get("Content-Type", "").partition(";")[0]
        config: dict[str, Any] = {}
        try:
            found = parse_manifest(body, digest=digest, media_type=media_type)
            if found.media_type in IMAGE_TYPES and found.config_digest:
                config = self._config(repository, found.config_digest)
        except (ManifestUnreadable, ValueError) as error:
            raise self._unreadable(str(error)) from error
        return platform_of(found, config)

    def close(self) -> None:
        """Close the connections; calling it twice does no harm."""
        self._session.close()

    def _config(self, repository: str, digest: str) -> dict[str, Any]:
        """An image's configuration; of other artifacts it may be anything, or not there."""
        path = f"/v2/{quote(repository)}/blobs/{digest}"
        try:
            answer = self._send("GET", path, repository=repository)
            config = json.loads(_limited(answer, MANIFEST_LIMIT_BYTES))
        except (NotFound, UnicodeDecodeError, json.JSONDecodeError):
            return {}
        return config if isinstance(config, dict) else {}

    def _pages(self, path: str, *, repository: str | None) -> Iterator[dict[str, Any]]:
        next_path: str | None = f"{path}?n={PAGE_ROWS}"
        for _number in range(MOST_PAGES):
            if next_path is None:
                return
            answer = self._send("GET", next_path, repository=repository)
            yield self._json_object(_limited(answer, LIST_LIMIT_BYTES))
            link = answer.links.get("next", {}).get("url")
            next_path = _path_of(link, next_path) if link else None
        raise self._unreadable(_("its list does not end"))

    def _json_object(self, body: bytes) -> dict[str, Any]:
        try:
            page = json.loads(body)
        except ValueError as error:
            raise self._unreadable(str(error)) from error
        if not isinstance(page, dict):
            raise self._unreadable(_("its list is no object"))
        return page

    def _send(self, method: str, path: str, *, repository: str | None) -> requests.Response:
        headers = {"Accept": ACCEPT, "Authorization": f"Bearer {self._token(repository)}"}
        try:
            answer = self._session.request(
                method, self._base + path, headers=headers, timeout=TIMEOUT_S, stream=True
            )
            _checked(answer)
        except requests.RequestException as error:
            raise Unavailable(
                _("The registry did not answer (%(cause)s); what is known of it is kept.")
                % {"cause": error}
            ) from error
        return answer

    def _unreadable(self, cause: str) -> Unavailable:
        return Unavailable(
            _("The registry's answer cannot be used: %(cause)s.") % {"cause": cause},
            permanent=True,
        )


def _manifest_path(repository: str, reference: str) -> str:
    return f"/v2/{quote(repository)}/manifests/{quote(reference, safe=':')}"


def _path_of(link: str, current: str) -> str:
    """The next page's path: a registry may send a relative or a whole address."""
    whole = urljoin(f"{SOCKET_ORIGIN}{current}", link)
    return "/" + whole.split("/", 3)[3]


def _checked(answer: requests.Response) -> None:
    if answer.status_code == 404:
        answer.close()
        raise NotFound(_("The registry has no such repository or manifest."))
    if answer.status_code != 200:
        answer.close()
        raise Unavailable(
            _("The registry refused the portal's request (status %(status)s).")
            % {"status": answer.status_code}
        )


def _limited(answer: requests.Response, limit_bytes: int) -> bytes:
    """The body, read no further than the limit."""
    try:
        body = b""
        for part in answer.iter_content(64 * 1024):
            body += part
            if len(body) > limit_bytes:
                raise Unavailable(
                    _("The registry's answer is larger than %(limit)s bytes.")
                    % {"limit": limit_bytes},
                    permanent=True,
                )
    except requests.RequestException as error:
        raise Unavailable(
            _("The registry broke off its answer (%(cause)s).") % {"cause": error}
        ) from error
    finally:
        answer.close()
    return body

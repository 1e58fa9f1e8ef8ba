"""A registry client by hand, for what the ready ones do not show: streams, breaks, chunks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

import requests

from tests.e2e.site import TIMEOUT_S, Site, plain_session

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Blob:
    """So many MiB that no one can compress into one block, made as they are read."""

    size_mib: int
    seed: bytes = b"layer"

    def pieces(self, *, start_mib: int = 0, end_mib: int | None = None) -> Iterator[bytes]:
        """One MiB after the other, each with its number in front."""
        block = hashlib.shake_256(self.seed).digest(MIB - 8)
        for number in range(start_mib, self.size_mib if end_mib is None else end_mib):
            yield number.to_bytes(8) + block

    @property
    def digest(self) -> str:
        """As the registry names it."""
        whole = hashlib.sha256()
        for piece in self.pieces():
            whole.update(piece)
        return f"sha256:{whole.hexdigest()}"


class RegistryHttp:
    """One repository through the front, by a person's token."""

    def __init__(self, site: Site, repository: str, *, person: str = "alice") -> None:
        """Ask for a token that pulls, pushes and deletes."""
        self.base_url = f"{site.base_url}/v2/{repository}"
        self.session = plain_session()
        query = {"service": "dce-registry", "scope": f"repository:{repository}:pull,push,delete"}
        answer = self.session.get(
            f"{site.base_url}/auth/token",
            params=query,
            auth=(person, site.tokens[person]),
            timeout=TIMEOUT_S,
        )
        answer.raise_for_status()
        self.session.headers["Authorization"] = f"Bearer {answer.json()['token']}"

    def begin(self) -> str:
        """Begin an upload; returns its address."""
        return self._next(self.session.post(f"{self.base_url}/blobs/uploads/", timeout=TIMEOUT_S))

    def patch(self, upload: str, pieces: Iterator[bytes], **headers: str) -> str:
        """Send a part of unknown length; returns where the next one goes."""
        headers["Content-Type"] = "application/octet-stream"
        return self._next(self.session.patch(upload, data=pieces, headers=headers, timeout=300))

    def offset(self, upload: str) -> tuple[int, str]:
        """How many bytes the registry has, and where the next ones go."""
        answer = self.session.get(upload, timeout=TIMEOUT_S)
        upload = self._next(answer)
        return int(answer.headers["Range"].rpartition("-")[2]) + 1, upload

    def complete(self, upload: str, digest: str) -> None:
        """Close an upload; the registry compares the digest."""
        answer = self.session.put(upload, params={"digest": digest}, timeout=300)
        assert answer.status_code == 201, answer.text

    def pull(self, digest: str) -> tuple[int, str]:
        """Read a blob to its end: its size and digest."""
        whole, size = hashlib.sha256(), 0
        url = f"{self.base_url}/blobs/{digest}"
        with self.session.get(url, stream=True, timeout=300) as answer:
            answer.raise_for_status()
            for piece in answer.iter_content(MIB):
                whole.update(piece)
                size += len(piece)
        return size, f"sha256:{whole.hexdigest()}"

    def _next(self, answer: requests.Response) -> str:
        answer.raise_for_status()
        return urljoin(answer.url, answer.headers["Location"])

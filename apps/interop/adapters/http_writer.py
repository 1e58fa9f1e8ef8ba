"""Remote write over HTTP: snappy, a connection and an end for every message."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from cramjam import snappy

from apps.interop.ports import WriteAnswer
from dce_portal.outward import FAILURES, outward_session
from dce_portal.secret import Secret

TIMEOUTS_S = (3.0, 10.0)
# All of one exchange: a receiver that trickles is broken off.
WHOLE_S = 20.0
MOST_SAID_BYTES = 500
HEADERS = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "User-Agent": "dce-portal",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}


class HttpWriter:
    """One receiver; redirects are not followed, since they would carry the credential elsewhere."""

    def __init__(self, url: str, *, username: str, secret: Secret | None) -> None:
        """Open nothing yet."""
        self._url = url
        self._headers = dict(HEADERS)
        self._auth: Any = None
        if secret is not None and username:
            self._auth = (username.encode(), secret.reveal().encode())
        elif secret is not None:
            self._headers["Authorization"] = f"Bearer {secret.reveal()}"

    def send(self, message: bytes) -> WriteAnswer:
        """Send, and read no more of the answer than fits a page."""
        body = bytes(snappy.compress_raw(message))
        options: dict[str, Any] = {
            "headers": self._headers,
            "auth": self._auth,
            "timeout": TIMEOUTS_S,
            "allow_redirects": False,
            "stream": True,
        }
        try:
            with (
                outward_session(allow_private=True, within_s=WHOLE_S) as session,
                closing(session.post(self._url, data=body, **options)) as answer,
            ):
                said = next(answer.iter_content(MOST_SAID_BYTES), b"")
        except FAILURES as error:
            return WriteAnswer(0, type(error).__name__)
        text = said.decode(errors="replace").strip()
        return WriteAnswer(answer.status_code, text, answer.headers.get("Retry-After"))

    def close(self) -> None:
        """Nothing is open between two messages."""

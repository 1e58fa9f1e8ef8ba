"""Sends entries as a signed POST; redirects are not followed, since they would carry the entries elsewhere."""

from __future__ import annotations

import hashlib
import hmac
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import orjson

from apps.forwarding.ports import Record
from dce_portal.outward import FAILURES, outward_session
from dce_portal.secret import Secret

TIMEOUTS_S = (3.0, 10.0)
# All of one exchange: a receiver that trickles is broken off.
WHOLE_S = 20.0
MOST_SAID_BYTES = 300


class Webhook:
    """One receiver. With a key, X-DCE-Signature holds HMAC-SHA256 over X-DCE-Timestamp, a dot and the body."""

    def __init__(self, url: str, *, key: Secret | None, ca_certificates: str = "") -> None:
        """Open nothing yet."""
        self._url, self._key, self._ca = url, key, ca_certificates

    def send(self, records: Sequence[Record]) -> str:
        """Send all of them in one request; 2xx means that they were taken."""
        body = orjson.dumps({"entries": list(records)})
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "dce-portal",
            **self._signed(body),
        }
        try:
            with (
                _trusted(self._ca) as verify,
                outward_session(allow_private=True, within_s=WHOLE_S) as session,
            ):
                options: dict[str, Any] = {
                    "timeout": TIMEOUTS_S,
                    "allow_redirects": False,
                    "stream": True,
                    "verify": verify,
                }
                answer = session.post(self._url, data=body, headers=headers, **options)
                with closing(answer):
                    said = next(answer.iter_content(MOST_SAID_BYTES), b"")
        except FAILURES as error:
            return type(error).__name__
        if 200 <= answer.status_code < 300:
            return ""
        return f"{answer.status_code} {said.decode(errors='replace').strip()}".replace("\0", "")

    def _signed(self, body: bytes) -> dict[str, str]:
        moment = str(int(time.time()))
        if self._key is None:
            return {"X-DCE-Timestamp": moment}
        text = moment.encode() + b"." + body
        digest = hmac.new(self._key.reveal().encode(), text, hashlib.sha256).hexdigest()
        return {"X-DCE-Timestamp": moment, "X-DCE-Signature": f"sha256={digest}"}


@contextmanager
def _trusted(certificates: str) -> Iterator[str | bool]:
    """A file with the certificates for the length of a request, or the system's."""
    if not certificates:
        yield True
        return
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(certificates)
        file.flush()
        yield file.name

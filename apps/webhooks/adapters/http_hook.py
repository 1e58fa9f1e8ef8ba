"""Sends a webhook's message by HTTP within the operator's bounds."""

from __future__ import annotations

import time
from contextlib import closing
from typing import Any, Final

import requests
from urllib3.exceptions import HTTPError, NameResolutionError

from apps.webhooks.ports import HookAnswer, HookMessage
from apps.webhooks.rules.sending import CLOSED, signature_of
from dce_portal.outward import CONNECT_TIMEOUT_S, ClosedAddressError, outward_session

READ_TIMEOUT_S: Final = 10.0
WHOLE_S: Final = 20.0
MOST_EXCERPT_BYTES: Final = 1000
LONGEST_RETRY_AFTER: Final = 9


class HttpHook:
    """The HookPort; `allow_private` opens addresses that are not public."""

    def __init__(self, *, allow_private: bool, whole_s: float = WHOLE_S) -> None:
        """Keep the bounds; each message has a connection of its own."""
        self._allow_private = allow_private
        self._whole_s = whole_s

    def send(self, message: HookMessage) -> HookAnswer:
        """Send, and read no more of the answer than fits a page."""
        begun = time.monotonic()
        answer = self._answer(message)
        took_ms = round((time.monotonic() - begun) * 1000)
        return HookAnswer(**{**answer, "duration_ms": took_ms})

    def _answer(self, message: HookMessage) -> dict[str, Any]:
        try:
            with outward_session(
                allow_private=self._allow_private, within_s=self._whole_s
            ) as session:
                return _asked(session, message)
        except ClosedAddressError:
            return {"problem": CLOSED}
        except (requests.RequestException, HTTPError, OSError, UnicodeError, ValueError) as error:
            return {"problem": _problem_of(error)}


def _asked(session: requests.Session, message: HookMessage) -> dict[str, Any]:
    response = session.post(
        message.url,
        data=message.body,
        headers=_headers(message),
        timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
        allow_redirects=False,
        stream=True,
    )
    with closing(response):
        said = next(response.iter_content(MOST_EXCERPT_BYTES), b"")
    after = response.headers.get("Retry-After", "").strip()
    return {
        "status": response.status_code,
        "excerpt": said.decode(errors="replace").replace("\0", "").strip(),
        "retry_after_s": float(after[:LONGEST_RETRY_AFTER]) if after.isdecimal() else None,
    }


def _headers(message: HookMessage) -> dict[str, str]:
    moment = str(int(time.time()))
    return {
        "Content-Type": "application/json",
        "User-Agent": "DCE-Portal",
        "X-DCE-Event": message.kind,
        "X-DCE-Delivery": message.delivery_id,
        "X-DCE-Timestamp": moment,
        "X-DCE-Signature": signature_of(message.key.reveal(), message.body, moment=moment),
    }


def _problem_of(error: BaseException) -> str:
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(error, requests.Timeout):
        return "timeout"
    if isinstance(error, requests.exceptions.SSLError):
        return "tls"
    return "name" if isinstance(reason, NameResolutionError) else "connect"

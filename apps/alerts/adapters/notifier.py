"""Tells people by apprise and by webhooks, each message in a process of its own.

A hundred services by one library: whatever one of them hangs on, leaks or breaks ends with its process.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

from apps.alerts.ports.notifier import WEBHOOK, Address, Message, Receipt
from apps.alerts.rules import problems
from dce_portal.paths import CHECKOUT
from dce_portal.secret import Secret

PROGRAM = "apps.alerts.adapters.sender"
TIME_LIMIT_S = 20.0
# The process ends itself at the limit; this is for its start on a busy machine, and should it not.
START_LIMIT_S = 40.0
# What a sender needs of the portal's environment: none of its settings, none of its secrets.
PASSED_ON = ("PATH", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
LONGEST_DETAIL = 300
SHORTEST_SECRET = 6


@dataclass(frozen=True, slots=True)
class ProcessNotifier:
    """The real notifier; `allow_private` opens addresses that are not public."""

    allow_private: bool = False
    time_limit_s: float = TIME_LIMIT_S

    def send(self, address: Address, message: Message) -> Receipt:
        """Hand the message over."""
        job: dict[str, Any] = {
            "job": address.protocol,
            "title": message.title,
            "text": message.text,
            "severity": message.severity,
            "delivery_id": message.delivery_id,
        }
        if address.protocol == WEBHOOK:
            job |= {
                "facts": dict(message.facts),
                "key": address.key.reveal() if address.key else "",
            }
        elif message.picture:
            picture = base64.b64encode(message.picture).decode()
            job |= {"picture": picture, "picture_name": message.picture_name}
        return self._run(job, address.url)

    def ping(self, url: Secret) -> Receipt:
        """Ask an address with a bare GET."""
        return self._run({"job": "ping"}, url)

    def check(self, address: Address) -> Receipt:
        """Whether the address can be understood."""
        if address.protocol == WEBHOOK:
            is_web = address.url.reveal().startswith(("http://", "https://"))
            return Receipt() if is_web else Receipt(problem=problems.INVALID, is_permanent=True)
        return self._run({"job": "check"}, address.url)

    def _run(self, job: dict[str, Any], url: Secret) -> Receipt:
        limits = {"timeout_s": self.time_limit_s, "allow_private": self.allow_private}
        text = json.dumps({**job, **limits, "url": url.reveal()})
        begun = time.monotonic()
        outcome = self._outcome(text)
        duration_ms = round((time.monotonic() - begun) * 1000)
        detail = str(outcome.get("detail") or "")
        if outcome["problem"] != problems.ADDRESS:
            detail = scrubbed(detail, url)[:LONGEST_DETAIL]
        return Receipt(**{**outcome, "detail": detail, "duration_ms": duration_ms})

    def _outcome(self, text: str) -> dict[str, Any]:
        try:
            done = subprocess.run(
                [sys.executable, "-m", PROGRAM],
                input=text.encode(),
                capture_output=True,
                timeout=self.time_limit_s + START_LIMIT_S,
                cwd=CHECKOUT,
                env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
                check=False,
            )
        except subprocess.TimeoutExpired:
            return {"problem": problems.TIMEOUT}
        return _parsed(done)


def _parsed(done: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
    if done.returncode < 0:
        return {"problem": problems.TIMEOUT}
    try:
        outcome: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        # What the process complained of may hold the address, so it is not passed on.
        return {"problem": problems.CRASH, "detail": f"exit {done.returncode}"}
    return outcome


def scrubbed(text: str, url: Secret) -> str:
    """The text without any part of the address: servers repeat tokens in what they answer."""
    parts = sorted(set(re.split(r"[/:@?&=,#\s]+", url.reveal())), key=len, reverse=True)
    for part in parts:
        if len(part) >= SHORTEST_SECRET:
            text = text.replace(part, "***")
    return " ".join(text.split())

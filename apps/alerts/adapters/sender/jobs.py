"""The jobs of a sender: a signed webhook, a ping, and what apprise does."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import requests

from apps.alerts.adapters.sender.outcomes import outcome_of
from apps.alerts.adapters.sender.trace import Trace, traced

CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 5.0, 10.0
READ_AT_MOST = 2048
USER_AGENT = "DCE-Portal"
Job = dict[str, Any]
Outcome = dict[str, Any]


Work = Callable[[Job, Trace], str]


def work_of(name: str) -> Work:
    """What does a job; apprise is loaded only for its own, since that takes longer than most messages."""
    if name in {"apprise", "check"}:
        from apps.alerts.adapters.sender import carrier

        return carrier.send if name == "apprise" else carrier.check
    return {"webhook": _by_webhook, "ping": _ping}[name]


def run(job: Job) -> Outcome:
    """Do the job; whatever goes wrong becomes its outcome."""
    work = work_of(job["job"])
    with traced() as trace:
        try:
            problem = work(job, trace)
        except requests.RequestException as error:
            trace.error, problem = error, "crash"
        except Exception as error:
            return {"problem": "crash", "detail": type(error).__name__}
        return outcome_of(trace, problem)


def _by_webhook(job: Job, trace: Trace) -> str:
    body = json.dumps(job["facts"], ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "X-DCE-Delivery": job["delivery_id"],
        **_signature(job.get("key"), body),
    }
    return _ask("POST", job["url"], trace, data=body, headers=headers)


def _signature(key: str | None, body: bytes) -> dict[str, str]:
    """The moment and a digest over moment and body, so that nobody can replay an old message as new."""
    if not key:
        return {}
    moment = str(int(time.time()))
    digest = hmac.new(key.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"X-DCE-Timestamp": moment, "X-DCE-Signature": f"sha256={digest}"}


def _ping(job: Job, trace: Trace) -> str:
    return _ask("GET", job["url"], trace, headers={"User-Agent": USER_AGENT})


def _ask(
    method: str, url: str, trace: Trace, *, headers: dict[str, str], data: bytes | None = None
) -> str:
    timeouts = (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)
    with requests.request(
        method, url, data=data, headers=headers, timeout=timeouts, stream=True
    ) as response:
        if 200 <= response.status_code < 300:
            return ""
        excerpt = response.raw.read(READ_AT_MOST, decode_content=True)
        trace.excerpt = excerpt.decode(errors="replace")
    return "status"

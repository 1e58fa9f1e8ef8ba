"""The jobs of a sender: a message by apprise, a signed webhook, a ping, a look at an address."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import apprise
import requests
from apprise.attachment.memory import AttachMemory

from apps.alerts.adapters.sender.outcomes import outcome_of
from apps.alerts.adapters.sender.trace import Trace, traced

CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 5.0, 10.0
READ_AT_MOST = 2048
USER_AGENT = "DCE-Portal"
# Services of this machine itself: its log, its screens, its lamps.
LOCAL = frozenset(
    ("syslog", "dbus", "qt", "kde", "glib", "gio", "gnome", "windows", "macosx", "blink1")
)
TONES = {"critical": "failure", "warning": "warning", "cleared": "success"}

Job = dict[str, Any]
Outcome = dict[str, Any]


def run(job: Job) -> Outcome:
    """Do the job; whatever goes wrong becomes its outcome."""
    works = {"apprise": _by_apprise, "webhook": _by_webhook, "ping": _ping, "check": _check}
    with traced() as trace:
        try:
            problem = works[job["job"]](job, trace)
        except requests.RequestException as error:
            trace.error, problem = error, "crash"
        except Exception as error:
            return {"problem": "crash", "detail": type(error).__name__}
        return outcome_of(trace, problem)


def _by_apprise(job: Job, trace: Trace) -> str:
    service = _service(job["url"])
    if service is None:
        return "invalid"
    carrier = apprise.Apprise(asset=service.asset)
    carrier.add(service)
    taken = carrier.notify(
        title=job["title"],
        body=job["text"],
        body_format=apprise.NotifyFormat.TEXT,
        notify_type=TONES.get(job["severity"], "info"),
        attach=_picture(job) if service.attachment_support else None,
    )
    return "" if taken else "crash"


def _service(url: str) -> apprise.NotifyBase | None:
    if url.partition("://")[0].strip().lower() in LOCAL:
        return None
    asset = apprise.AppriseAsset(
        storage_mode="memory",
        http_redirects=False,
        async_mode=False,
        app_id=USER_AGENT,
        app_desc=USER_AGENT,
        pgp_autogen=False,
        pem_autogen=False,
        secure_logging=True,
    )
    return apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)


def _picture(job: Job) -> apprise.AppriseAttachment | None:
    if not job.get("picture"):
        return None
    content = base64.b64decode(job["picture"])
    attachment = apprise.AppriseAttachment()
    attachment.add(AttachMemory(content=content, name=job["picture_name"], mimetype="image/png"))
    return attachment


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


def _check(job: Job, trace: Trace) -> str:
    return "" if _service(job["url"]) is not None else "invalid"

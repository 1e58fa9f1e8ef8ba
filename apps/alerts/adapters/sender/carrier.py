"""Messages by apprise, which reaches a hundred services by one kind of address."""

from __future__ import annotations

import base64
from typing import Any

import apprise
from apprise.attachment.memory import AttachMemory

from apps.alerts.adapters.sender.trace import Trace

NAME = "DCE-Portal"
# Services of this machine itself: its log, its screens, its lamps.
LOCAL = frozenset(
    ("syslog", "dbus", "qt", "kde", "glib", "gio", "gnome", "windows", "macosx", "blink1")
)
TONES = {"critical": "failure", "warning": "warning"}


def load() -> None:
    """Load every service now, before time counts: an address that cannot be meant makes apprise do so."""
    apprise.Apprise.instantiate("json://", suppress_exceptions=True)


def send(job: dict[str, Any], _trace: Trace) -> str:
    """Hand a message to the service that the address names; a problem's word, or nothing."""
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
        app_id=NAME,
        app_desc=NAME,
        pgp_autogen=False,
        pem_autogen=False,
        secure_logging=True,
    )
    return apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)


def _picture(job: dict[str, Any]) -> apprise.AppriseAttachment | None:
    if not job.get("picture"):
        return None
    content = base64.b64decode(job["picture"])
    attachment = apprise.AppriseAttachment()
    picture = AttachMemory(content, name=job["picture_name"], mimetype="image/png")  # type: ignore[no-untyped-call]  # apprise types the rest
    attachment.add(picture)
    return attachment


def check(job: dict[str, Any], _trace: Trace) -> str:
    """Whether the address can be understood."""
    return "" if _service(job["url"]) is not None else "invalid"

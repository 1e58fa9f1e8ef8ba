"""Hears of pushes, and asks for scans where the namespace wants them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.scanning.models import ScanPolicy
from apps.scanning.services import requesting
from apps.webhooks.services import event_raised


def connect() -> None:
    """Listen; connecting twice does no harm."""
    event_raised.connect(note_push, dispatch_uid="apps.scanning.note_push")


def note_push(
    sender: object, kind: str, repository: str, payload: Mapping[str, Any], **_more: object
) -> None:
    """Ask for a scan of what was pushed, in the transaction of the event."""
    digest = payload.get("digest")
    if kind != "push" or not digest:
        return
    namespace = repository.partition("/")[0]
    if ScanPolicy.objects.filter(namespace__name=namespace, scan_on_push=True).exists():
        requesting.request_scans(repository, str(digest))

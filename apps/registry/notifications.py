"""Reads the registry's notifications; pure, and never fails: what cannot be read says so in `problem`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from apps.registry.ports import MANIFEST_TYPES
from dce_portal.storable import storable

PROBLEM_LENGTH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One event, as far as its fields are what they should be; empty where they are not."""

    event_id: str
    action: str
    repository: str
    happened_at: datetime | None
    actor: str
    method: str
    user_agent: str
    media_type: str
    digest: str
    tag: str

    @property
    def is_manifest(self) -> bool:
        """About a manifest, not a layer or a configuration."""
        return self.media_type in MANIFEST_TYPES

    @property
    def is_counted_pull(self) -> bool:
        """A manifest that was really read: clients ask by HEAD first, and often stop there."""
        return self.action == "pull" and self.is_manifest and self.method == "GET"


def read_events(body: bytes) -> tuple[list[dict[str, Any]], str]:
    """The events of one delivery, and what is wrong with it ("" when nothing is)."""
    try:
        document = storable(json.loads(body.decode()))
    except (ValueError, RecursionError) as error:
        return [], f"The delivery is no JSON ({error})."[:PROBLEM_LENGTH]
    events = document.get("events") if isinstance(document, dict) else None
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        return [], "The delivery has no list of events."
    return events, ""


def fingerprint(content: bytes) -> str:
    """An event id for what came without one: the same content has the same."""
    return hashlib.sha256(content).hexdigest()


def read_notice(event: Mapping[str, Any]) -> Notice:
    """The fields of one event that the catalogue uses."""
    target, request = _object(event, "target"), _object(event, "request")
    content = json.dumps(event, sort_keys=True).encode()
    return Notice(
        event_id=_text(event, "id", 64) or fingerprint(content),
        action=_text(event, "action", 32),
        repository=_text(target, "repository", 255),
        happened_at=_moment(_text(event, "timestamp", 64)),
        actor=_text(_object(event, "actor"), "name", 150),
        method=_text(request, "method", 16),
        user_agent=_text(request, "useragent", 250),
        media_type=_text(target, "mediaType", 128),
        digest=_text(target, "digest", 160),
        tag=_text(target, "tag", 128),
    )


def _object(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def _text(fields: Mapping[str, Any], name: str, most: int) -> str:
    value = fields.get(name)
    return value[:most] if isinstance(value, str) else ""


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)

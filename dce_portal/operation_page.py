"""What an operation's page shows, in words: how it stands, how long it took, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from dce_portal.models import Operation, OperationState
from dce_portal.templatetags.portal import bytes_human, duration

TONES = {
    OperationState.QUEUED: "busy",
    OperationState.RUNNING: "busy",
    OperationState.SUCCEEDED: "good",
    OperationState.FAILED: "bad",
    OperationState.CANCELLED: "off",
}
RESULT_NAMES = {
    "availability": _("Availability"),
    "labels": _("Labels"),
    "tries": _("Attempts"),
    "role": _("Role"),
    "reachability": _("Reachability"),
    "removed": _("Removed"),
    "way": _("How"),
    "nodes": _("Nodes"),
    "update": _("Update"),
    "kept": _("Kept"),
    "deleted": _("Deleted"),
    "untagged": _("Images without a tag deleted"),
    "left_alone": _("Left alone"),
    "won_bytes": _("Won"),
    "would_win_bytes": _("Would be won"),
    "blobs": _("Blobs"),
    "kept_blobs": _("Blobs kept"),
    "repositories": _("Repositories removed"),
    "tags": _("Tags"),
}
RESULT_WORDS = {
    "active": _("active"),
    "pause": _("paused"),
    "drain": _("drained"),
    "manager": _("manager"),
    "worker": _("worker"),
    "graceful": _("it left by itself"),
    "forced": _("by force, since it was down"),
    "forget": _("forgotten by the portal alone"),
}


@dataclass(frozen=True, slots=True)
class LogLine:
    """What the handler said, and when; no moment where the row holds none that can be read."""

    text: str
    at: datetime | None


def operation_page(request: HttpRequest, operation: Operation) -> dict[str, Any]:
    """Everything that the page shows beside the row itself."""
    return {
        "operation": operation,
        "tone": tone_of_operation(operation),
        "took": took(operation),
        "lines": [_line(entry) for entry in operation.log],
        "results": list(results_in_words(operation.result)),
        "target_url": target_url(request, operation),
    }


def tone_of_operation(operation: Operation) -> str:
    """Which of the tones its state has."""
    return TONES.get(OperationState(operation.state), "off")


def took(operation: Operation) -> str:
    """How long it ran; empty while it does, and where it never began."""
    if operation.started_at is None or operation.finished_at is None:
        return ""
    return duration((operation.finished_at - operation.started_at).total_seconds())


def target_url(request: HttpRequest, operation: Operation) -> str:
    """The page of what the operation is about; empty where there is none for this person."""
    for model, model_admin in admin.site._registry.items():
        if model._meta.model_name == operation.target_kind:
            may_see = model_admin.has_view_permission(request)
            return _address(model._meta.label_lower, operation.target_id) if may_see else ""
    return ""


def _address(label: str, key: str) -> str:
    model = apps.get_model(label)
    try:
        is_there = model._default_manager.filter(pk=key).exists()
        return reverse(f"admin:{label.replace('.', '_')}_change", args=[key]) if is_there else ""
    except (NoReverseMatch, ValueError):
        return ""


def _line(entry: Mapping[str, Any]) -> LogLine:
    try:
        at = datetime.fromisoformat(str(entry["at"]))
    except (KeyError, ValueError):
        at = None
    return LogLine(str(entry.get("text", "")), at)


def results_in_words(result: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and value of all that says something; what is empty is left out."""
    for name, value in result.items():
        if value not in (None, "", {}, [], ()):
            yield _name(name), in_words(name, value)


def _name(name: str) -> str:
    plain = name.removesuffix("_bytes").removesuffix("_s").replace("_", " ")
    return str(RESULT_NAMES.get(name, plain.capitalize()))


def in_words(name: str, value: object) -> str:
    """A value as a person reads it."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, int | float):
        return _number(name, value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={inner}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(str(inner) for inner in value)
    return str(RESULT_WORDS.get(str(value), value))


def _number(name: str, value: float) -> str:
    if name.endswith("_bytes"):
        return bytes_human(value)
    if name.endswith("_s"):
        return duration(value)
    if name == "tries":
        return ngettext("%(n)d attempt", "%(n)d attempts", int(value)) % {"n": value}
    return str(value)

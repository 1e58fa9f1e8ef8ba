"""The steps of a join, in their order and in words; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

STEPS: dict[str, Promise] = {
    "preflight": _("The host is fit"),
    "registry": _("The engine trusts the portal's registry"),
    "image": _("The agent's image is there"),
    "certificate": _("The host has its certificate"),
    "swarm": _("The host is in the Swarm"),
    "agent": _("The agent runs"),
    "answer": _("The portal has heard the agent"),
}
STATES = ("running", "done", "failed")
LONGEST_DETAIL = 500


def with_step(
    steps: Sequence[Mapping[str, Any]], name: str, state: str, *, detail: str, at: datetime
) -> list[dict[str, Any]]:
    """The steps with one of them anew, in the order above."""
    entry = {"name": name, "state": state, "detail": detail[:LONGEST_DETAIL], "at": at.isoformat()}
    kept = {str(step["name"]): dict(step) for step in steps} | {name: entry}
    return [kept[known] for known in STEPS if known in kept]


def is_done(steps: Sequence[Mapping[str, Any]], name: str) -> bool:
    """Whether a step has been reported as done."""
    return any(step["name"] == name and step["state"] == "done" for step in steps)


def in_words(steps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every step for a page, those to come included."""
    told = {str(step["name"]): step for step in steps}
    return [
        {
            "name": name,
            "text": text,
            "state": told.get(name, {}).get("state", "waiting"),
            "detail": told.get(name, {}).get("detail", ""),
        }
        for name, text in STEPS.items()
    ]

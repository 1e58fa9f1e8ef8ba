"""Writes that somebody was refused at the door: anybody may knock, so one line a minute has to do for each address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from apps.accounts import memory, networks
from apps.accounts.audit import record_audit
from apps.accounts.tokens import digest_of, pepper_of
from dce_portal.operations import Target
from dce_portal.origin import Origin

NOTED_EVERY_S = 60.0


def note_refusal(*, origin: Origin, target: Target, detail: Mapping[str, Any]) -> None:
    """Write it, unless the same was written for this address within the minute."""
    place, pepper = networks.neighbourhood(origin.address), pepper_of(settings.SECRET_KEY)
    digest = digest_of(
        "refusal", origin.credential, str(sorted(detail.items())), target.id, place, pepper=pepper
    )
    if memory.is_first(f"accounts:refusal:{digest}", for_s=NOTED_EVERY_S):
        record_audit("sign_in", origin=origin, target=target, result="denied", detail=detail)

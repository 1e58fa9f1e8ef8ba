"""Keeps right-sizing up to date: once an hour there is something to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from apps.metrics.right_sizing.folding import fold
from apps.metrics.right_sizing.models import ServiceSizing
from apps.metrics.right_sizing.reckoning import reckon

RECKON_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """How many hours were taken in, and how many services' rows written."""

    hours: int
    services: int


def refresh(*, now: datetime | None = None) -> Refreshed:
    """Take in the hours that are over; reckon if there were any, or if it is an hour ago."""
    now = now or timezone.now()
    hours = fold(now=now)
    is_recent = ServiceSizing.objects.filter(reckoned_at__gt=now - RECKON_EVERY).exists()
    return Refreshed(hours, reckon(now=now) if hours or not is_recent else 0)

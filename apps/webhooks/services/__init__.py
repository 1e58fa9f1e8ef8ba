"""What tells other programs; other apps call `raise_event` and listen to `event_raised`."""

from __future__ import annotations

from apps.webhooks.services.raising import event_raised, raise_event

__all__ = ["event_raised", "raise_event"]

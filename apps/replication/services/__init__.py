"""What carries images; other apps call what is named here."""

from __future__ import annotations

from apps.replication.services.running import start_rule

__all__ = ["start_rule"]

"""The admin pages of this app."""

from __future__ import annotations

from apps.metrics.retention_admin import RetentionAdmin

__all__ = ["RetentionAdmin"]

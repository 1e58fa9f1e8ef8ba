"""The admin pages of this app."""

from __future__ import annotations

from apps.metrics.outlook_admin import OutlookAdmin
from apps.metrics.retention_admin import RetentionAdmin
from apps.metrics.right_sizing_admin import RightSizingAdmin

__all__ = ["OutlookAdmin", "RetentionAdmin", "RightSizingAdmin"]

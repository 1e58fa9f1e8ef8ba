"""What acts in this app."""

from apps.alerts.services.announcing import TOLD_KINDS, announced, take_untold, untold

__all__ = ["TOLD_KINDS", "announced", "take_untold", "untold"]

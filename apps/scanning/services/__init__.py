"""What scans; other apps call what is named here."""

from __future__ import annotations

from apps.scanning.services.requesting import request_scans, start_scan

__all__ = ["request_scans", "start_scan"]

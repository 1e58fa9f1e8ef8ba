"""WebSockets for what stays open: logs and consoles."""

from apps.workloads.consumers.console import console_line
from apps.workloads.consumers.logs import log_line

__all__ = ["console_line", "log_line"]

"""What the dashboard shows, gathered in one go."""

from __future__ import annotations

from typing import Any

from apps.accounts.models import User


def dashboard_of(user: User) -> dict[str, Any]:
    """The figures and lists that this person may see."""
    return {}

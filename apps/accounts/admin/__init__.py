"""The admin pages of this app."""

from __future__ import annotations

from apps.accounts.admin.audit import AuditEventAdmin
from apps.accounts.admin.people import GroupAdmin, TeamAdmin, UserAdmin
from apps.accounts.admin.tokens import PersonalTokenAdmin

__all__ = ["AuditEventAdmin", "GroupAdmin", "PersonalTokenAdmin", "TeamAdmin", "UserAdmin"]

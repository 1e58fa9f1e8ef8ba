"""What acts in this app, and what other apps may call: tokens, sign-in checks, teams, the audit trail."""

from __future__ import annotations

from apps.accounts.audit import AuditEntry, record_audit, record_audits
from apps.accounts.audit_upkeep import drop_old_audit
from apps.accounts.credentials import (
    Credential,
    verify_bearer,
    verify_credential,
    verify_password,
)
from apps.accounts.issuing import (
    IssuedToken,
    check_expiry,
    checked_networks,
    issue_personal_token,
    revoke_personal_token,
    rotate_personal_token,
    rotate_secret,
)
from apps.accounts.lockout import LockedOut
from apps.accounts.proving import UnknownSecret, read_text, refuse_unproven, token_digest
from apps.accounts.security.policy import may_act_for
from apps.accounts.spraying import counted
from apps.accounts.team_members import (
    create_team,
    delete_team,
    describe_team,
    may_maintain,
    put_member,
    remove_member,
)
from apps.accounts.uses import note_use, store_uses

__all__ = [
    "AuditEntry",
    "Credential",
    "IssuedToken",
    "LockedOut",
    "UnknownSecret",
    "check_expiry",
    "checked_networks",
    "counted",
    "create_team",
    "delete_team",
    "describe_team",
    "drop_old_audit",
    "issue_personal_token",
    "may_act_for",
    "may_maintain",
    "note_use",
    "put_member",
    "read_text",
    "record_audit",
    "record_audits",
    "refuse_unproven",
    "remove_member",
    "revoke_personal_token",
    "rotate_personal_token",
    "rotate_secret",
    "store_uses",
    "token_digest",
    "verify_bearer",
    "verify_credential",
    "verify_password",
]

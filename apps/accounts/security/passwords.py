"""A person's own password, changed: whoever had the old one is out."""

from __future__ import annotations

from django.db import transaction

from apps.accounts.audit import record_audit
from apps.accounts.models import User
from apps.accounts.security import browsers
from dce_portal.operations import Target
from dce_portal.origin import Origin


def change_password(person: User, password: str, *, but_key: str | None, origin: Origin) -> int:
    """Set it and end the other browsers' sessions; how many those were."""
    with transaction.atomic():
        person.set_password(password)
        person.save(update_fields=["password"])
        return password_changed(person, but_key=but_key, origin=origin)


def password_changed(person: User, *, but_key: str | None, origin: Origin) -> int:
    """What follows from a new password, whoever has set it."""
    target = Target("user", str(person.pk), person.get_username())
    record_audit("password.change", origin=origin, target=target)
    return browsers.end_browsers(person, but_key=but_key, origin=origin)

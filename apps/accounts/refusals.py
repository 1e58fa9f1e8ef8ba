"""Writes that somebody was refused at the door: anybody may knock, so one line a minute has to do for each address."""

from __future__ import annotations

from dataclasses import replace

from django.conf import settings

from apps.accounts import memory, networks
from apps.accounts.audit import AuditEntry, record_audits
from apps.accounts.models import AuditEvent, User
from apps.accounts.tokens import digest_of, pepper_of
from dce_portal.operations import Target
from dce_portal.origin import Origin

NOTED_EVERY_S = 60.0


def note_refusal(entry: AuditEntry) -> None:
    """Write it, unless the same was written for this address within the minute."""
    about, pepper = entry.target or Target("", "", ""), pepper_of(settings.SECRET_KEY)
    place = networks.neighbourhood(entry.origin.address)
    what = (entry.action, entry.origin.credential, about.id, about.label, place)
    digest = digest_of("refusal", *what, pepper=pepper)
    if memory.is_first(f"accounts:refusal:{digest}", for_s=NOTED_EVERY_S):
        record_audits([replace(entry, result=AuditEvent.Result.DENIED)])


def note_half_way(person: User, *, address: str | None, credential: str) -> None:
    """Somebody has the person's first factor, and has not shown the second: docker cannot, a thief may not."""
    origin = Origin(actor=person, address=address, credential=credential)
    target = Target("user", str(person.pk), person.get_username())
    note_refusal(AuditEntry("sign_in.half_way", origin, target))

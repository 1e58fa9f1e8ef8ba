"""Who browser sessions belong to right now: read anew, so that signing out ends the live line too."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, load_backend
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from apps.accounts.services import may_act_for


def people_of(session_keys: Collection[str]) -> dict[str, AbstractBaseUser]:
    """The active people by session; none where it is over, the password changed or the person is gone."""
    rows = Session.objects.filter(
        session_key__in=[key for key in session_keys if key], expire_date__gt=timezone.now()
    )
    sessions = {row.session_key: row.get_decoded() for row in rows}
    known: dict[tuple[str, str], AbstractBaseUser | None] = {}
    found = {key: _person(session, known) for key, session in sessions.items()}
    return {key: person for key, person in found.items() if person is not None}


def _person(
    session: Mapping[str, Any], known: dict[tuple[str, str], AbstractBaseUser | None]
) -> AbstractBaseUser | None:
    backend, pk = str(session.get(BACKEND_SESSION_KEY, "")), str(session.get(SESSION_KEY, ""))
    if backend not in settings.AUTHENTICATION_BACKENDS or not pk:
        return None
    if (backend, pk) not in known:
        known[backend, pk] = load_backend(backend).get_user(pk)
    person = known[backend, pk]
    if person is None or not person.is_active or not _is_of(session, person):
        return None
    return person if may_act_for(session, person) else None


def _is_of(session: Mapping[str, Any], person: AbstractBaseUser) -> bool:
    """Whether the session was begun with the password that the person has today."""
    told = str(session.get(HASH_SESSION_KEY, ""))
    hashes = (person.get_session_auth_hash(), *person.get_session_auth_fallback_hash())
    return any(constant_time_compare(told, one) for one in hashes)

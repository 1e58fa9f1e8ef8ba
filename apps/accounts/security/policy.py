"""Who has a second factor, and who must have one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Exists, OuterRef

from apps.accounts.models import AuthenticatorApp, Passkey, User

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase

# Where a browser's session says how its person came in.
SIGNED_IN = "dce_signed_in"


def has_second_factor(person: User) -> bool:
    """Whether a password alone does not let this person in; recovery codes stand in for one, and are none."""
    has_one = Exists(AuthenticatorApp.objects.filter(owner=OuterRef("pk"))) | Exists(
        Passkey.objects.filter(owner=OuterRef("pk"))
    )
    return User.objects.filter(has_one, pk=person.pk).exists()


def is_required(person: User) -> bool:
    """Whether the setting asks a second factor of this person."""
    who = settings.CONFIGURATION.require_second_factor
    return who == "everybody" or (who == "administrators" and _is_administrator(person))


def may_use_password_alone(person: User) -> bool:
    """Whether user name and password are enough for what cannot ask for more: docker and scripts."""
    return not is_required(person) and not has_second_factor(person)


def is_whole(session: Mapping[str, Any] | SessionBase, person: User) -> bool:
    """Whether the session may act for the person: not when they have a second factor and have not shown it."""
    return _has_shown_second(session) or not has_second_factor(person)


def must_set_up(session: Mapping[str, Any] | SessionBase, person: User) -> bool:
    """Whether a second factor is asked of the person, and this session was begun without one."""
    return not _has_shown_second(session) and is_required(person)


def may_act_for(session: Mapping[str, Any], person: AbstractBaseUser) -> bool:
    """Whether a live line may go on in this session."""
    if not isinstance(person, User):
        return False
    return is_whole(session, person) and not must_set_up(session, person)


def _has_shown_second(session: Mapping[str, Any] | SessionBase) -> bool:
    return bool((session.get(SIGNED_IN) or {}).get("second"))


def _is_administrator(person: User) -> bool:
    """Who may edit people can become anybody."""
    return person.is_superuser or person.has_perm("accounts.change_user")

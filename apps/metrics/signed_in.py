"""Who a browser session belongs to right now: read anew, so that signing out ends the live line too."""

from __future__ import annotations

from channels.auth import get_user
from channels.db import database_sync_to_async
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.sessions.backends.db import SessionStore


async def person_of(session_key: str | None) -> AbstractBaseUser | None:
    """The active person, or None when the session is over, the password changed or the person is gone."""
    if not session_key:
        return None
    session = SessionStore(session_key)
    await database_sync_to_async(session.load)()
    user: AbstractBaseUser | AnonymousUser = await get_user({"session": session})
    if isinstance(user, AnonymousUser) or not user.is_active:
        return None
    return user

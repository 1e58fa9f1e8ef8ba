"""Slows down guessing of join tokens, and keeps ten thousand guesses from filling audit and log."""

from __future__ import annotations

import structlog
from django.core.cache import cache
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from apps.accounts.services import record_audit
from dce_portal.errors import PortalError
from dce_portal.origin import Origin

log = structlog.get_logger(__name__)

FREE_TRIES = 20
WINDOW_S = 60


class TooManyGuesses(PortalError):
    """An address has sent too many wrong tokens within a minute."""

    code = "too_many_requests"
    status = 429


def refuse_if_guessing(address: str | None) -> None:
    """Raise TooManyGuesses before anything is looked up."""
    try:
        guesses = cache.get(_key(address), 0)
    except RedisError:
        return
    if guesses >= FREE_TRIES:
        raise TooManyGuesses(
            _("Too many wrong join tokens came from this address. Wait a minute, then try again.")
        )


def count_guess(address: str | None) -> None:
    """Remember a wrong token; the audit learns of it once a minute, whoever guesses."""
    try:
        cache.add(_key(address), 0, timeout=WINDOW_S)
        cache.incr(_key(address))
        is_news = cache.add("nodes:join-guess-audited", 1, timeout=WINDOW_S)
    except (RedisError, ValueError):  # ValueError: the minute ended between the two
        return
    if is_news:
        origin = Origin(address=address, credential="join token")
        record_audit("join.guess", origin=origin, result="denied")


def _key(address: str | None) -> str:
    return f"nodes:join-guesses:{address or 'unknown'}"

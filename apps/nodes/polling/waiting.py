"""What askers of every kind wait by: the thread of the database, and a limit on answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from django.utils.translation import gettext as _

from dce_portal.errors import Unavailable

ANSWER_TIMEOUT_S = 30.0


class InDatabase(Protocol):
    """Runs a blocking function in the thread that keeps the database connection."""

    async def __call__[Result](self, work: Callable[[], Result]) -> Result:
        """The function's own result."""
        ...


async def in_time[Answer](question: Awaitable[Answer]) -> Answer:
    """The answer, or Unavailable when it takes longer than any healthy engine does."""
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            return await question
    except TimeoutError:
        limit_s = int(ANSWER_TIMEOUT_S)
        raise Unavailable(
            _("The answer was not complete after %(limit)s seconds.") % {"limit": limit_s}
        ) from None

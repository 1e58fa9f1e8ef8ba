"""How many logs and consoles may be open at once in a stream process, by person and over all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _

from dce_portal.errors import PortalError


class TooMany(PortalError):
    """No more of these at once."""

    code = "too_many"
    status = 429


class Slots:
    """Counts what is open."""

    def __init__(self, *, most_a_person: int, most: int) -> None:
        """Take both limits."""
        self._most_a_person, self._most = most_a_person, most
        self._open: Counter[object] = Counter()

    @contextmanager
    def taken(self, person: object) -> Iterator[None]:
        """Hold one while the block runs; TooMany where there is none."""
        if self._open[person] >= self._most_a_person:
            raise TooMany(
                _("You have as many of these open as one person may. Close one of them first.")
            )
        if self._open.total() >= self._most:
            raise TooMany(
                _("The portal has as many of these open as it can. Try again in a while.")
            )
        self._open[person] += 1
        try:
            yield
        finally:
            self._open[person] -= 1
            if not self._open[person]:
                del self._open[person]


LOGS = Slots(most_a_person=10, most=300)
CONSOLES = Slots(most_a_person=5, most=100)

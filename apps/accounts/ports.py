"""What signing in asks of the outside: who somebody is, as a directory or a provider knows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OutsidePerson:
    """Somebody whom the outside vouches for; `groups` are names as the outside has them."""

    username: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    groups: frozenset[str] = frozenset()


class Directory(Protocol):
    """A directory of people with passwords."""

    def check(self, username: str, password: str) -> OutsidePerson | None:
        """The person, if the password is right; Unavailable where the directory does not answer."""

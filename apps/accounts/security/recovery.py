"""The form of recovery codes, such as `k7qm-x3vd-9tfa-2hpw`; pure."""

from __future__ import annotations

import secrets

# No letter or digit that is taken for another one when copied from paper.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
GROUPS, GROUP_LENGTH = 4, 4
HOW_MANY = 10


def new_codes() -> list[str]:
    """Ten codes of 79 random bits each."""
    return [_new_code() for _ in range(HOW_MANY)]


def plain(code: str) -> str:
    """The code without what people add or leave out: blanks, hyphens, capitals."""
    return "".join(character for character in code.lower() if character.isalnum())


def looks_like_one(code: str) -> bool:
    """Whether it has the length of a recovery code; an app's code is shorter."""
    return len(plain(code)) == GROUPS * GROUP_LENGTH


def _new_code() -> str:
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
    return "-".join(groups)

"""Finds in what Trivy says at its end the part that a person can do something about; pure."""

from __future__ import annotations

import re
from typing import Final

from django.utils.translation import gettext as _

LONGEST_SAID: Final = 500
# Trivy asks a registry a second time without the password: what the first was answered is the cause.
_REGISTRY: Final = re.compile(r"^\s*\* remote error: (.+)$", re.MULTILINE)
_FATAL: Final = re.compile(r"\tFATAL\t(?:Fatal error\t)?(.+)$", re.MULTILINE)
# How Trivy wraps a cause; none of it says anything.
_WRAPPING: Final = re.compile(
    r"^(?:(?:image scan|scan|init|analyze|pipeline) error: |scan failed: |failed analysis: )+"
)
_NO_DATABASE: Final = "--skip-update cannot be specified on the first run"
_OLD_DATABASE: Final = "--skip-update cannot be specified with the old DB schema"
_NOT_FETCHED: Final = "failed to download vulnerability DB"


def cause_of(said: str) -> str:
    """One line."""
    said = said.replace("\0", "").strip()
    if _NO_DATABASE in said:
        return _("there is no vulnerability database in its folder, and it may not fetch one")
    if _OLD_DATABASE in said:
        return _("the vulnerability database in its folder is of another kind than it reads")
    line = _line(said)[:LONGEST_SAID]
    if _NOT_FETCHED in said:
        return _("it could not fetch its vulnerability database: %(cause)s") % {"cause": line}
    return line


def _line(said: str) -> str:
    if first := _REGISTRY.search(said):
        return first[1].strip()
    lines = [one.strip().removeprefix("* ") for one in said.splitlines() if one.strip()]
    if _NOT_FETCHED in said:
        return lines[-1]
    fatal = _FATAL.search(said)
    return _WRAPPING.sub("", fatal[1].strip()) if fatal else (lines[-1] if lines else "?")

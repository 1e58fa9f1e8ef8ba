"""What hosts and portal say to each other while a host joins: `key=value` lines, which sh reads; pure.

A request may carry a PEM after an empty line; an answer is lines, or a PEM alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from dce_portal.errors import InvalidInput

KEY = re.compile(r"[a-z][a-z0-9_]{0,31}")
MOST_LINES = 40
LONGEST_VALUE = 500


@dataclass(frozen=True, slots=True)
class Message:
    """What a host sent."""

    fields: Mapping[str, str]
    pem: str = ""

    def text(self, name: str) -> str:
        """One value; empty where it was not sent."""
        return self.fields.get(name, "")


def read_message(body: bytes) -> Message:
    """The lines of a request, or InvalidInput."""
    try:
        text = body.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise _unreadable() from None
    head, _separator, pem = text.partition("\n\n")
    lines = [line for line in head.split("\n") if line]
    if len(lines) > MOST_LINES:
        raise _unreadable()
    return Message(fields=dict(_pair(line) for line in lines), pem=pem.strip())


def write_lines(fields: Mapping[str, object]) -> str:
    """An answer; what is in a value never starts a line of its own."""
    return "".join(f"{key}={_one_line(value)}\n" for key, value in fields.items())


def _pair(line: str) -> tuple[str, str]:
    key, equals, value = line.partition("=")
    if not (equals and KEY.fullmatch(key) and len(value) <= LONGEST_VALUE and value.isprintable()):
        raise _unreadable()
    return key, value.strip()


def _one_line(value: object) -> str:
    return " ".join(str(value).split())


def _unreadable() -> InvalidInput:
    return InvalidInput(_("The portal could not read what this host sent. Nothing was changed."))

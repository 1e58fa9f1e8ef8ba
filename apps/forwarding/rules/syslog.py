"""An audit entry as a message of RFC 5424; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

FACILITY = 13  # "log audit"
SEVERITIES = {"allowed": 6, "denied": 4, "failed": 4}
APP = "dce-portal"
# RFC 5424's own example number: the portal has none assigned.
STRUCTURE = "dce@32473"
PARAMETERS = (
    "id",
    "actor",
    "credential",
    "address",
    "action",
    "target_kind",
    "target_label",
    "result",
)
LONGEST_BYTES = 8192
LONGEST_DATAGRAM = 2048
_BOM = b"\xef\xbb\xbf"


def message(record: Mapping[str, Any], *, host: str, longest: int = LONGEST_BYTES) -> bytes:
    """The whole message; the text at its end is cut where it would be too long."""
    priority = FACILITY * 8 + SEVERITIES.get(str(record["result"]), 6)
    head = f"<{priority}>1 {record['at']} {_word(host, 255)} {APP} - {_word(record['action'], 32)}"
    fixed = f"{head} {_structure(record)} ".encode() + _BOM
    return _cut(fixed + _text(record), longest)


def framed(text: bytes) -> bytes:
    """With its length before it, as RFC 6587 and RFC 5425 have it on a stream."""
    return b"%d " % len(text) + text


def _structure(record: Mapping[str, Any]) -> str:
    values = ((name, str(record.get(name) or "")[:250]) for name in PARAMETERS)
    found = (f'{name}="{_escaped(value)}"' for name, value in values if value)
    return f"[{' '.join([STRUCTURE, *found])}]"


def _escaped(value: str) -> str:
    text = "".join(character if character.isprintable() else " " for character in value)
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")


def _text(record: Mapping[str, Any]) -> bytes:
    words = f"{record['actor']} {record['action']} {record['target_label']}".strip()
    line = "".join(character if character.isprintable() else " " for character in words)
    return line.encode(errors="replace") + b" " + orjson.dumps(record.get("detail") or {})


def _word(text: object, longest: int) -> str:
    """What syslog takes as one word: printable ASCII without spaces; - stands for nothing."""
    found = "".join(c for c in str(text) if c.isascii() and c.isprintable() and c != " ")
    return found[:longest] or "-"


def _cut(text: bytes, longest: int) -> bytes:
    """At the end of a character."""
    return text if len(text) <= longest else text[:longest].decode(errors="ignore").encode()

"""The script that a host runs to join, and the one-line scripts that say why it cannot; pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from functools import cache
from pathlib import Path

PARTS = Path(__file__).resolve().parents[1] / "templates" / "nodes" / "join"
PLACEHOLDER_LINE = "# (the portal puts its address, the token and the key's pin here)\n"


def join_script(values: Mapping[str, str]) -> str:
    """The script with its constants, each quoted for sh."""
    constants = "".join(f"DCE_{name}={shlex.quote(value)}\n" for name, value in values.items())
    head, found, rest = _text().partition(PLACEHOLDER_LINE)
    if not found:
        raise ValueError("The join script has lost the line that its constants replace.")
    return head + constants + rest


def refusal_script(sentence: str) -> str:
    """What `curl … | sh` is given in place of the script: it says the sentence and fails.

    The agent's verb `join` shows the first line of an answer that is no script of ours.
    """
    plain = " ".join(sentence.split())
    return f"# {plain}\necho {shlex.quote(plain)} >&2\nexit 1\n"


@cache
def _text() -> str:
    parts = sorted(PARTS.glob("*.sh"))
    return "\n".join(part.read_text(encoding="utf-8") for part in parts)

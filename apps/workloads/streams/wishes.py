"""What a browser or a script asks of a log or a console, checked. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils.translation import gettext as _

from apps.nodes.ports.streams import MOST_TAIL, LogQuery
from apps.workloads.streams.resuming import Resumption, resumption_of
from dce_portal.errors import InvalidInput

MOST_WORDS = 32
LONGEST_COMMAND = 500
LONGEST_FOLDER = 1024
MOST_CELLS = 1000
# bash where there is one, else what every image with a shell has.
ANY_SHELL = ("/bin/sh", "-c", "command -v bash >/dev/null 2>&1 && exec bash || exec sh")
SHELL_NAME = "sh"
_USER = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]{0,63}(?::[A-Za-z0-9_.][A-Za-z0-9_.-]{0,63})?")
_AGO = re.compile(r"(\d{1,6})([smhd])")
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class LogWish:
    """A query, and what the browser has already."""

    query: LogQuery
    resumption: Resumption


@dataclass(frozen=True, slots=True)
class ShellWish:
    """What is to be started, as whom and where."""

    command: tuple[str, ...]
    user: str
    working_dir: str
    columns: int
    rows: int


def log_wish(said: Mapping[str, object], *, now: datetime) -> LogWish:
    """What the page asks for; InvalidInput names what cannot be meant."""
    tail = said.get("tail", LogQuery().tail)
    since = said.get("since", "")
    query = LogQuery(
        tail=tail_of(tail if isinstance(tail, int) else str(tail)),
        since=moment_of(since if isinstance(since, str) else "?", "since", now=now),
        follow=True,
    )
    try:
        resumption = resumption_of(said.get("resume", []))
    except ValueError:
        raise InvalidInput(_("The page's request cannot be read. Load it anew.")) from None
    return LogWish(resumption.query(query), resumption)


def tail_of(value: str | int) -> int:
    """How many lines from the end."""
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise InvalidInput(_("Give a whole number of lines."), field="tail")
    if int(text) > MOST_TAIL:
        sentence = _("At most %(most)s lines at once; narrow them down by since and until.")
        raise InvalidInput(sentence % {"most": MOST_TAIL}, field="tail")
    return int(text)


def moment_of(text: str, field: str, *, now: datetime) -> str:
    """A moment in Docker's form, from RFC 3339 or `15m` for a while ago; empty for none."""
    if not text:
        return ""
    if match := _AGO.fullmatch(text):
        seconds = now.timestamp() - int(match[1]) * _UNIT_S[match[2]]
        return docker_text(datetime.fromtimestamp(max(0.0, seconds), tz=UTC))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        sentence = _("Give a time such as 2026-01-31T12:00:00Z, or 15m, 2h or 1d for a while ago.")
        raise InvalidInput(sentence, field=field) from None
    return docker_text(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def docker_text(moment: datetime) -> str:
    """In UTC with nine decimals, so that texts compare as moments do."""
    in_utc = moment.astimezone(UTC)
    return f"{in_utc:%Y-%m-%dT%H:%M:%S}.{in_utc.microsecond:06d}000Z"


def shell_wish(said: Mapping[str, object]) -> ShellWish:
    """What the page asks for."""
    return ShellWish(
        command=command_of(_text(said, "command")),
        user=_user(_text(said, "user")),
        working_dir=_folder(_text(said, "working_dir")),
        columns=cells_of(said.get("columns", 80)),
        rows=cells_of(said.get("rows", 24)),
    )


def command_of(text: str) -> tuple[str, ...]:
    """The words of a command; any shell for none."""
    if not text.strip():
        return ANY_SHELL
    try:
        words = tuple(shlex.split(text))
    except ValueError:
        raise InvalidInput(
            _("A quotation mark in the command has no end."), field="command"
        ) from None
    if not words or len(words) > MOST_WORDS or len(text) > LONGEST_COMMAND or "\0" in text:
        raise InvalidInput(
            _("Give a shorter command; type the rest into the shell."), field="command"
        )
    return words


def command_text(command: tuple[str, ...]) -> str:
    """As a person reads it."""
    return "bash | sh" if command == ANY_SHELL else shlex.join(command)


def cells_of(value: object) -> int:
    """Columns or rows of a terminal."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return min(max(int(value), 1), MOST_CELLS) if is_number else 24  # type: ignore[call-overload]  # it is one


def _text(said: Mapping[str, object], name: str) -> str:
    value = said.get(name, "")
    if not isinstance(value, str):
        raise InvalidInput(_("The page's request cannot be read. Load it anew."), field=name)
    return value


def _user(text: str) -> str:
    if text and not _USER.fullmatch(text):
        raise InvalidInput(
            _("Give a user's name or number, and a group after a colon."), field="user"
        )
    return text


def _folder(text: str) -> str:
    if text and (not text.startswith("/") or len(text) > LONGEST_FOLDER or "\0" in text):
        raise InvalidInput(_("Give a folder that begins with a slash."), field="working_dir")
    return text

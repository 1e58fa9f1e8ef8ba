"""Typed readers of one environment value; each refuses by saying what would be right."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from dce_portal.secret import Secret

Parser = Callable[[str], object]

TRUE_WORDS = ("1", "true", "yes", "on")
FALSE_WORDS = ("0", "false", "no", "off")
# What may stand in nginx's configuration: a name or address, perhaps with a port.
ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
PLAIN_HOST = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?")


class WrongValueError(ValueError):
    """What a value must be, to stand after "but it must be"."""


def text(value: str) -> str:
    """Any text."""
    return value


def secret(value: str) -> Secret:
    """Any text that must not be printed."""
    return Secret(value)


def boolean(value: str) -> bool:
    """Yes or no in the usual spellings."""
    word = value.lower()
    if word not in TRUE_WORDS + FALSE_WORDS:
        raise WrongValueError("one of true, false, yes, no, on, off, 1, 0")
    return word in TRUE_WORDS


def integer(*, least: int, most: int) -> Parser:
    """A reader of whole numbers within bounds, both included."""

    def parse(value: str) -> int:
        if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
            raise WrongValueError(f"a whole number from {least} to {most}")
        return int(value)

    return parse


def choice(*words: str) -> Parser:
    """A reader of one word out of several, in any case."""

    def parse(value: str) -> str:
        for word in words:
            if value.lower() == word.lower():
                return word
        raise WrongValueError("one of " + ", ".join(words))

    return parse


def folder(value: str) -> Path:
    """The path of a folder, which may not exist yet; ``~`` is the home folder."""
    if any(character in value for character in "\0\n\r"):
        raise WrongValueError("a path without line breaks")
    return Path(value).expanduser()


def existing_file(value: str) -> Path:
    """The absolute path of a file that can be read."""
    path = Path(value).expanduser()
    if not path.is_absolute() or not path.is_file() or not os.access(path, os.R_OK):
        raise WrongValueError("the absolute path of a file that can be read")
    return path


def items(value: str) -> tuple[str, ...]:
    """A list with commas between; empty entries are dropped."""
    return tuple(item for item in (part.strip() for part in value.split(",")) if item)


def addresses(value: str) -> tuple[str, ...]:
    """IP addresses without brackets, in the given order, each once."""
    found = tuple(dict.fromkeys(_address(item) for item in items(value)))
    if not found:
        raise WrongValueError("at least one IP address")
    return found


def _address(item: str) -> str:
    try:
        return str(ipaddress.ip_address(item.removeprefix("[").removesuffix("]")))
    except ValueError:
        raise WrongValueError(
            "IP addresses with commas between, such as 127.0.0.1 or 0.0.0.0,[::]"
        ) from None


def networks(value: str) -> tuple[str, ...]:
    """IP addresses or networks such as 10.0.0.0/8, in their usual spelling."""
    try:
        return tuple(str(ipaddress.ip_network(item, strict=False)) for item in items(value))
    except ValueError:
        raise WrongValueError(
            "IP addresses or networks with commas between, such as 10.0.0.0/8"
        ) from None


def host_names(value: str) -> tuple[str, ...]:
    """Names as in a Host header, without port; ``*`` is every name."""
    found = items(value)
    if (
        not found
        or any(character in item for item in found for character in "/: ")
        or "://" in value
    ):
        raise WrongValueError("host names with commas between, without port, or * for every name")
    return found


def origin(value: str) -> str:
    """``http(s)://host[:port]`` without a path, as a browser's address bar begins."""
    parts = _split(value)
    sound = parts.scheme in {"http", "https"} and PLAIN_HOST.fullmatch(parts.netloc)
    if not sound or parts.path.strip("/") or parts.query or parts.fragment:
        raise WrongValueError("an address such as https://portal.example.org, without a path")
    return f"{parts.scheme}://{parts.netloc}"


def web_address(value: str) -> str:
    """``http(s)://host[:port]/path`` without a slash at the end, as an OpenID issuer is written."""
    parts = _split(value)
    sound = parts.scheme in {"http", "https"} and PLAIN_HOST.fullmatch(parts.netloc)
    if not sound or parts.query or parts.fragment:
        raise WrongValueError("an address such as https://id.example.org/realms/people")
    return value.rstrip("/")


def ldap_address(value: str) -> str:
    """``ldap(s)://host[:port]``."""
    parts = _split(value)
    if parts.scheme not in {"ldap", "ldaps"} or not parts.hostname or parts.path.strip("/"):
        raise WrongValueError("an address such as ldaps://directory.example.org")
    return f"{parts.scheme}://{parts.netloc}"


def attribute(value: str) -> str:
    """The name of a directory's attribute."""
    if not ATTRIBUTE.fullmatch(value):
        raise WrongValueError("a name such as uid, of letters, digits and hyphens")
    return value


def group_map(value: str) -> dict[str, tuple[str, ...]]:
    """``outside=team:name`` or ``outside=group:name``, with commas between."""
    found: dict[str, tuple[str, ...]] = {}
    for item in items(value):
        outside, _equals, inside = (part.strip() for part in item.rpartition("="))
        kind, _colon, name = inside.partition(":")
        if not outside or kind not in {"team", "group"} or not name:
            raise WrongValueError("pairs such as devs=team:developers,ops=group:operator")
        found[outside] = (*found.get(outside, ()), inside)
    return found


def url_with_scheme(*schemes: str) -> Parser:
    """A reader of addresses that may carry a password, so the value is kept as a secret."""

    def parse(value: str) -> Secret:
        if _split(value).scheme not in schemes:
            raise WrongValueError(
                "an address that begins with " + " or ".join(f"{s}://" for s in schemes)
            )
        return Secret(value)

    return parse


def engines(value: str) -> tuple[str, ...]:
    """Docker engines: ``unix:///path`` or ``tcp://host:port``, with commas between."""
    return tuple(_engine(item) for item in items(value))


def _engine(item: str) -> str:
    parts = _split(item)
    is_socket = parts.scheme == "unix" and not parts.netloc and parts.path.startswith("/")
    is_remote = (
        parts.scheme == "tcp" and parts.hostname and parts.port and not parts.path.strip("/")
    )
    if not (is_socket or is_remote):
        raise WrongValueError(
            "engine addresses with commas between, such as unix:///var/run/docker.sock"
            " or tcp://10.0.0.5:2376"
        )
    return item


def time_zone(value: str) -> str:
    """A name of the time-zone database."""
    try:
        ZoneInfo(value)
    except (ValueError, OSError, LookupError):
        raise WrongValueError("a time zone such as UTC or Asia/Shanghai") from None
    return value


def _split(value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise WrongValueError("a well-formed address") from None
    return parts

"""Which calls of the Engine API the agent lets through: a readable list, made into nginx's map.

A pattern is held against the address as the caller sent it, before anything is decoded or
joined. What stands for a name takes no slash, no percent sign and no dot at its beginning, so
that there is no second way to write an address that is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .errors import AgentError

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE"})
VERSION = r"(?:/v[0-9]{1,2}\.[0-9]{1,3})?"
QUERY = r"(?:\?[!-~]*)?"
NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]*"
# docker-py writes @ as %40; a digest and a registry's port have a colon.
PART = r"[A-Za-z0-9](?:[A-Za-z0-9_.:@-]|%40|%3A)*"
PLACEHOLDERS = {"{name}": NAME, "{image}": f"{PART}(?:/{PART})*"}
# What the launcher found, handed to the sampler, which tells the controller.
CONSOLES_VARIABLE = "DCE_AGENT_LETS_CONSOLES_THROUGH"
_CONSOLE_CALLS = ("POST /containers/c/exec", "POST /exec/e/start")
_PATH = re.compile(r"(?:/(?:[a-z_]+|\{name\}|\{image\}|\([a-z_|]+\)))+")


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the list."""

    methods: tuple[str, ...]
    path: str

    @property
    def pattern(self) -> str:
        """What a method and an address as sent must match."""
        path = self.path
        for placeholder, expression in PLACEHOLDERS.items():
            path = path.replace(placeholder, expression)
        return f"^(?:{'|'.join(self.methods)}) {VERSION}{path}{QUERY}$"


def parse(text: str) -> list[Route]:
    """Read a list; a line that cannot be read is named."""
    return list(_routes(text.splitlines()))


def _routes(lines: Iterable[str]) -> Iterator[Route]:
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        methods = tuple(words[0].split(","))
        if len(words) != 2 or not set(methods) <= METHODS or not _PATH.fullmatch(words[1]):
            raise AgentError(
                f"Line {number} of the list of routes cannot be read: {line.strip()!r}. "
                "Write it as METHOD,METHOD /path/{name}."
            )
        yield Route(methods, words[1])


def lets_consoles_through(routes: Iterable[Route]) -> bool:
    """Whether an exec can be made and started."""
    patterns = [route.pattern for route in routes]
    return all(any(re.match(one, call) for one in patterns) for call in _CONSOLE_CALLS)


def nginx_map(routes: Iterable[Route]) -> str:
    """The entries of a map from `$request_method $request_uri` to 1."""
    return "".join(f'        "~{route.pattern}" 1;\n' for route in routes)

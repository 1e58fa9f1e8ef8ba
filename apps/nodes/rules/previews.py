"""What an action would do, told before it is done: the page and the API show the same."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detail:
    """A list under its own heading, such as the tasks of one service that would move."""

    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a person reads before confirming; an action whose preview is `blocked` cannot be started."""

    title: str
    sentences: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    blocked: str = ""
    """Why it cannot be done now, and what to do first; empty where it can."""
    needs_name: bool = False
    """True where it cannot be undone: the subject's name is typed to confirm."""
    details: tuple[Detail, ...] = ()

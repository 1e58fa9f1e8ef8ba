"""One `DCE_*` setting: its name, how it is read, what it is for."""

from __future__ import annotations

from dataclasses import dataclass

from dce_portal import parsers


@dataclass(frozen=True, slots=True)
class Option:
    """One environment name: how it is read, what it is when unset, what it is for."""

    name: str
    parse: parsers.Parser
    kind: str
    default: str | None
    help: str
    secret: bool = False

    @property
    def field(self) -> str:
        """The attribute of the configuration that holds the value."""
        return FIELDS_BY_NAME.get(self.name, self.name.removeprefix("DCE_").lower())


FIELDS_BY_NAME = {"DCE_DOCKER_HOST": "docker_hosts"}

"""Logs and consoles of a standalone Swarm's containers, through its managers: they find the node themselves."""

from __future__ import annotations

from apps.nodes.adapters.engine.console import EngineConsoles
from apps.nodes.adapters.engine.logs import EngineLogs
from apps.nodes.adapters.standalone.standalone import no_primary
from dce_portal.errors import PortalError

# What a replica says while there is nobody to pass the question on to.
WITHOUT_PRIMARY = ("No elected primary", "primary cluster manager")


class StandaloneLogs(EngineLogs):
    """The LogsPort over the managers; tasks and services there are none."""

    def _silent(self, error: PortalError) -> PortalError:
        return _in_words(error)


class StandaloneConsoles(EngineConsoles):
    """The ConsolePort over the managers, which turn the connection and pass it on."""

    def _silent(self, error: PortalError) -> PortalError:
        return _in_words(error)


def _in_words(error: PortalError) -> PortalError:
    is_choosing = any(words in error.message for words in WITHOUT_PRIMARY)
    return no_primary() if is_choosing else error

"""Which end-to-end files stay in one process, so that what they share is started once: with `--dist loadfile`.

A file that is missing here only costs the time of starting its portal or Swarm once more.
"""

from __future__ import annotations

from pathlib import PurePath

import pytest
from xdist.scheduler import LoadScopeScheduling

SHARING = {
    "lab_portal": (
        "test_big_layer",
        "test_chunked_token",
        "test_client_matrix",
        "test_clients",
        "test_cluster",
        "test_healing",
        "test_https",
        "test_lab",
        "test_logs_and_console",
        "test_pages",
        "test_repository_browser",
    ),
    "controller_container": ("test_agent_upgrade", "test_controller_image"),
    "running_portal": ("test_live_line", "test_registry_token"),
}
GROUP_OF = {stem: group for group, stems in SHARING.items() for stem in stems}


class Together(LoadScopeScheduling):
    """A process takes whole files, and files that share something as one."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return GROUP_OF.get(PurePath(file).stem, file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Together | None:
    """Ours in place of xdist's own by files; loadgroup would be xdist's way, and does not work with pytest 9."""
    return Together(config, log) if config.getvalue("dist") == "loadfile" else None

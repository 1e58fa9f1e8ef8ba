"""Which end-to-end files stay in one process, and which go first: with `--dist loadfile`.

What files share is started once then, and nobody waits at the end for one that takes minutes.
A file that is missing here only costs time.
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
# Those that take long, or mostly wait while the others use the processors.
FIRST = (
    "test_agent_upgrade",
    "test_big_layer",
    "test_database_away",
    "test_redis_away",
    "test_database_locked",
    "test_agent_life",
    "test_node_actions",
    "test_cluster_actions",
    "test_prometheus",
    "test_dashboard_page",
)
GROUP_OF = {stem: group for group, stems in SHARING.items() for stem in stems}


class Together(LoadScopeScheduling):
    """A process takes whole files, and files that share something as one."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return GROUP_OF.get(PurePath(file).stem, file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Together | None:
    """Ours in place of xdist's own by files; loadgroup would be xdist's way, and does not work with pytest 9."""
    if config.getvalue("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return Together(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Hand out in this order; a run in one process keeps that of the files."""
    if hasattr(config, "workerinput"):
        items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    stem = item.path.stem
    return FIRST.index(stem) if stem in FIRST else len(FIRST)

"""Which version of control groups the host has, and where the containers' groups are."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Protocol

from .cgroup_v1 import CgroupV1
from .cgroup_v2 import CgroupV2

# `docker-ID.scope` of the systemd driver, `ID` of cgroupfs, under whatever parent.
CONTAINER_FOLDER = re.compile(r"(?:^|-)([0-9a-f]{64})(?:\.scope)?$")


class Hierarchy(Protocol):
    """What both versions tell of a group; a path is relative to the tree."""

    version: int
    tree: str

    def usage(self, path: str) -> dict[str, float]:
        """What the group uses; nothing once it has ended."""
        ...

    def limits(self, path: str) -> dict[str, float]:
        """What the group may use."""
        ...

    def processes(self, path: str) -> list[int]:
        """The numbers of its processes."""
        ...


def hierarchy_of(sys_root: str) -> Hierarchy | None:
    """The host's control groups; None where none are mounted."""
    root = f"{sys_root}/fs/cgroup"
    if os.path.exists(f"{root}/cgroup.controllers"):
        return CgroupV2(root)
    controllers = _controllers(root)
    return CgroupV1(controllers) if controllers else None


def _controllers(root: str) -> dict[str, str]:
    """The folder of each controller, which may share one (`cpu,cpuacct`) and be linked to."""
    try:
        folders = sorted(os.listdir(root))
    except OSError:
        return {}
    return {name: f"{root}/{folder}" for folder in folders for name in folder.split(",")}


class Locator:
    """Finds containers' groups by their IDs, and remembers where."""

    def __init__(self, hierarchy: Hierarchy) -> None:
        """Look in the tree of ``hierarchy``."""
        self._tree = hierarchy.tree
        self._paths: dict[str, str] = {}

    def paths(self, ids: Iterable[str]) -> dict[str, str]:
        """The paths of those groups that exist; one walk finds all that are not known yet."""
        wanted = list(ids)
        if not all(container in self._paths for container in wanted):
            self._paths = dict(self._walk())
        return {id_: self._paths[id_] for id_ in wanted if id_ in self._paths}

    def forget(self, container: str) -> None:
        """Look anew for a group that has ended."""
        self._paths.pop(container, None)

    def _walk(self) -> Iterable[tuple[str, str]]:
        """All containers' groups, also those of engines that run in a container themselves."""
        for folder, _, _ in os.walk(self._tree):
            name = folder.rpartition("/")[2]
            if match := CONTAINER_FOLDER.search(name):
                yield match[1], folder[len(self._tree) + 1 :]

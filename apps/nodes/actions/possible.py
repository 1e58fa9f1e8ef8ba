"""Whether the backend behind a row can do something at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps.nodes import backends
from apps.nodes.models import Cluster
from apps.nodes.ports import Capability


def offers(needed: Capability) -> Callable[[Any], bool]:
    """A test of rows that are a cluster or belong to one."""

    def is_possible(row: Any) -> bool:  # noqa: ANN401 - a cluster, a node or a service
        cluster = row if isinstance(row, Cluster) else row.cluster
        return needed in backends.capabilities_of(cluster)

    return is_possible

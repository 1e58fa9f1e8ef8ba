"""What the process remembers of usage that it wrote is forgotten before each test, as its rows are."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _fresh_usage_memory() -> None:
    from apps.metrics.partitions import forget_days
    from apps.metrics.retention import keep
    from apps.metrics.store import memory

    memory.forget()
    keep.forget()
    forget_days()

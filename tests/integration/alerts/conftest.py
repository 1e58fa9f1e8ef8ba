"""A quiet portal: its ready-made rules are off, and it has looked without a pause for a while."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from apps.alerts.models import Alert, AlertRule, EvaluationRound
from apps.alerts.services import evaluate
from dce_portal import live
from tests.factories.alerts import CLUSTER
from tests.factories.cluster import ClusterFactory

NOW = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def frames(monkeypatch) -> list[tuple[str, object]]:
    """What would have gone out live."""
    sent: list[tuple[str, object]] = []
    monkeypatch.setattr(live, "publish", lambda topic, data: sent.append((topic, data)))
    return sent


@pytest.fixture
def quiet(db: None) -> datetime:
    """No rule but the test's own; the last look was ten seconds before NOW."""
    AlertRule.objects.update(is_enabled=False)
    ClusterFactory(pk=CLUSTER, name="prod")
    EvaluationRound.objects.create(
        pk=1, at=NOW - timedelta(seconds=10), steady_since=NOW - timedelta(hours=1)
    )
    return NOW


@pytest.fixture
def look() -> Callable[[datetime], dict[tuple[str, int], str]]:
    """Look at all rules at a moment; what is open then, by object."""

    def at(moment: datetime) -> dict[tuple[str, int], str]:
        evaluate(now=moment)
        opened = Alert.objects.exclude(state="cleared")
        return {(one.object_kind, one.object_ref): one.state for one in opened}

    return at

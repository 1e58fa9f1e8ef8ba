"""The dashboard's first line: what is wrong, each with the page that says more."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Max, QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.metrics.dashboard.alerts import AlertLine
from apps.metrics.dashboard.nodes import NodeFact
from apps.metrics.selectors import SEVERITY, tone_of_health
from apps.nodes.models import Cluster
from apps.workloads.selectors import task_totals
from dce_portal.models import Operation, OperationState

FAILED_WITHIN = timedelta(hours=24)
# From here on a registry's disk is worth a look, and from there on pushes will soon fail.
FILLING, FULL = 0.8, 0.95
TONES = ("good", "off", "late", "bad")


@dataclass(frozen=True, slots=True)
class Fill:
    """How full the disk is on which the portal's own registry keeps its images."""

    used_bytes: int
    total_bytes: int

    @property
    def share(self) -> float:
        """From nothing to all of it."""
        return self.used_bytes / self.total_bytes if self.total_bytes else 0.0

    @property
    def tone(self) -> str:
        """Good, late from four fifths on, bad when nearly full."""
        return "bad" if self.share >= FULL else "late" if self.share >= FILLING else "good"


def registry_fill() -> Fill | None:
    """The embedded registry's disk; None where the registry is elsewhere, or its folder on another machine."""
    if settings.REGISTRY_URL is not None:
        return None
    try:
        disk = shutil.disk_usage(settings.PATHS.registry_data)
    except OSError:
        return None
    return Fill(disk.total - disk.free, disk.total)


def failed_lately(operations: QuerySet[Operation]) -> int:
    """How many of these operations failed within a day."""
    since = timezone.now() - FAILED_WITHIN
    return operations.filter(state=OperationState.FAILED, finished_at__gte=since).count()


def health_of_facts(facts: Sequence[NodeFact], cluster: Cluster) -> dict[str, Any]:
    """Counts of nodes by condition, and of tasks; two queries."""
    conditions = [fact.condition for fact in facts]
    return {
        "nodes": len(conditions),
        **{word: conditions.count(word) for word in SEVERITY},
        **task_totals(cluster.pk),
        "event": cluster.events.aggregate(last=Max("pk"))["last"] or 0,
    }


def status_of(
    user: User,
    cluster: Cluster,
    *,
    health: Mapping[str, Any],
    alerts: Sequence[AlertLine],
    failed: int,
) -> dict[str, Any]:
    """What the first line says beside the counts, and its tone: that of the worst thing in it."""
    fill = registry_fill() if user.has_perm("nodes.view_cluster") else None
    tones = [alert.tone for alert in alerts]
    if user.has_perm("nodes.view_node"):
        tones.append(tone_of_health(health))
    tones += [fill.tone] if fill else []
    tones += ["late"] if failed or cluster.stale_since else []
    return {
        "tone": max(tones, key=TONES.index, default="off"),
        "registry": fill,
        "alert_tone": max((alert.tone for alert in alerts), key=TONES.index, default="good"),
    }

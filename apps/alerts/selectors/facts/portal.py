"""What concerns the portal itself: samples that do not come, and backups that are overdue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db.models import Max

from apps.alerts.rules.looking import Answer, Reading, Subject, answer
from apps.alerts.selectors.facts.asking import Asked
from apps.metrics.models import MetricObject
from apps.nodes.models import EngineEndpoint

PORTAL = Subject(kind="portal", ref=0, label="DCE Portal")

# Says when the newest good backup was made, or None where backups were never set up.
BackupSource = Callable[[], datetime | None]
_backup_sources: list[BackupSource] = []


def register_backup_source(source: BackupSource) -> None:
    """Whoever makes backups says so here, at its start; without one there is nothing to be overdue."""
    _backup_sources.append(source)


def poll_late(asked: Asked) -> Answer:
    """How long no sample came from anywhere, where there is something to be polled."""
    if not asked.is_steady:
        return answer([Reading(PORTAL, None)], calm=None)
    newest = MetricObject.objects.aggregate(at=Max("last_sample_at"))["at"]
    if newest is None or not EngineEndpoint.objects.exists():
        return answer([], calm=0.0)
    age_s = max(0.0, (asked.now - newest).total_seconds())
    return answer([Reading(PORTAL, age_s)], calm=0.0)


def backup_age(asked: Asked) -> Answer:
    """Hours since the newest backup; calm where none was ever set up."""
    made = [at for at in (source() for source in _backup_sources) if at is not None]
    if not made:
        return answer([], calm=0.0)
    return answer([Reading(PORTAL, (asked.now - min(made)).total_seconds() / 3600)], calm=0.0)

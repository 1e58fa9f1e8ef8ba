"""What concerns the ways in which people are told."""

from __future__ import annotations

from apps.alerts.models import Channel
from apps.alerts.rules.looking import Answer, Reading, Subject, answer
from apps.alerts.selectors.facts.asking import MOST_FOUND, Asked


def undelivered(_asked: Asked) -> Answer:
    """Channels that are on and gave a message up since one last arrived."""
    rows = Channel.objects.filter(is_enabled=True, has_given_up=True).values_list("pk", "name")
    found = [
        Reading(Subject(kind="channel", ref=pk, label=name), 1.0) for pk, name in rows[:MOST_FOUND]
    ]
    return answer(found, calm=0.0)

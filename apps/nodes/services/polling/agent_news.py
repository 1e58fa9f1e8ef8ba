"""What an agent's answer tells beside figures: containers out of memory, a silent engine, a wrong clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.nodes.models import Node
from apps.nodes.ports import Happening
from apps.nodes.ports.agent import AgentEvent, AgentSnapshot

# The clocks of two machines that are kept in time differ by less, even while asked through a slow network.
WRONG_CLOCK_S = 5.0
SAME_CLOCK_S = 2.0
MOST_EVENTS_AN_ANSWER = 20


def steady_clock_ahead_s(stored_s: float | None, measured_s: float) -> float:
    """How far the node's clock is ahead, the same number while it hardly changes.

    Each measurement is off by a part of the answer's time. One steady number puts a sample
    that is told twice at the same second twice.
    """
    if stored_s is not None and abs(stored_s - measured_s) <= SAME_CLOCK_S:
        return stored_s
    return round(measured_s, 3)


def engine_complaint(snapshot: AgentSnapshot) -> str:
    """What to say of an agent whose engine does not answer it; nothing while it does."""
    engine = snapshot.engine
    if engine.answers:
        return ""
    if engine.answers is None:
        return _("The agent has just started and has not heard its engine yet.")
    since = timezone.localtime(engine.since).strftime("%Y-%m-%d %H:%M:%S %Z")
    return _(
        "The agent answers, but the engine does not answer it since %(since)s: %(reason)s"
        " Usage is current; containers and images are as they were then."
    ) % {"since": since, "reason": engine.reason}


def agent_happenings(
    node: Node,
    snapshot: AgentSnapshot,
    *,
    clock_ahead_s: float,
    complaint_before: str,
    told_to: datetime | None,
) -> list[Happening]:
    """What is new of all that, as rows of "what changed"; the events' number is bounded."""
    found = [*_clock(node, clock_ahead_s), *_engine(node, snapshot, complaint_before)]
    events = [
        _out_of_memory(event)
        for event in snapshot.events
        if event.action == "oom" and _is_news(event, snapshot, clock_ahead_s, told_to)
    ]
    return found + events[-MOST_EVENTS_AN_ANSWER:]


def _is_news(
    event: AgentEvent, snapshot: AgentSnapshot, clock_ahead_s: float, told_to: datetime | None
) -> bool:
    """An agent that begins anew tells again what it told before."""
    if not snapshot.reset or told_to is None:
        return True
    return datetime.fromtimestamp(event.at_unix_ms / 1e3 - clock_ahead_s, tz=UTC) > told_to


def _clock(node: Node, clock_ahead_s: float) -> Iterator[Happening]:
    was_wrong = node.clock_skew_s is not None and abs(node.clock_skew_s) >= WRONG_CLOCK_S
    is_wrong = abs(clock_ahead_s) >= WRONG_CLOCK_S
    if is_wrong != was_wrong:
        kind = "node.clock_wrong" if is_wrong else "node.clock_right"
        severity = "warning" if is_wrong else "info"
        yield _of_node(node, kind, severity, {"ahead_s": round(clock_ahead_s)})


def _engine(node: Node, snapshot: AgentSnapshot, complaint_before: str) -> Iterator[Happening]:
    answers = snapshot.engine.answers
    if answers is False and not complaint_before:
        yield _of_node(node, "node.engine_silent", "error", {"reason": snapshot.engine.reason})
    if answers and complaint_before:
        yield _of_node(node, "node.engine_back", "info", {})


def _of_node(
    node: Node, kind: str, severity: str, detail: dict[str, str | int | None]
) -> Happening:
    return Happening(kind, "node", node.native_id, node.hostname, severity, node.native_id, detail)


def _out_of_memory(event: AgentEvent) -> Happening:
    name = event.container_name or event.container_id[:12]
    return Happening("container.oom", "container", event.container_id, name, "error")

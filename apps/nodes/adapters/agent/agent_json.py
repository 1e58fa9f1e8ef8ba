"""What an agent's answer says, as the port's dataclasses; pure. What is wrong makes the whole answer unusable."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from math import inf
from types import NoneType
from typing import Any

from django.utils.translation import gettext as _

from apps.nodes.adapters.engine.engine_json import identity_of
from apps.nodes.adapters.json_facts import NEVER, Facts
from apps.nodes.ports import ContainerInfo
from apps.nodes.ports.agent import (
    AgentEngine,
    AgentEvent,
    AgentNode,
    AgentTable,
    AgentTicks,
    Column,
)
from dce_portal.errors import Unavailable

FORMAT_VERSION = 1
LONGEST_CURSOR = 100
MOST_TICKS = 100_000
# The columns that the portal reads; others are not even looked at.
COLUMNS = {
    "host": (
        *("cpu_idle_ratio", "cpu_iowait_ratio", "load_1m", "memory_total_bytes"),
        *("memory_available_bytes", "swap_used_bytes"),
        *("uplink_rx_bytes_per_s", "uplink_tx_bytes_per_s"),
    ),
    "containers": (
        *("cpu_cores", "memory_bytes", "memory_limit_bytes", "pids"),
        *("rx_bytes_per_s", "tx_bytes_per_s", "block_read_bytes_per_s", "block_write_bytes_per_s"),
        *("cpu_periods_per_s", "cpu_throttled_periods_per_s"),
    ),
    "filesystems": ("size_bytes", "used_bytes"),
    "disks": ("read_bytes_per_s", "write_bytes_per_s"),
}
EVENTS_TOLD = frozenset({"oom", "die", "start"})


def unreadable(what: str) -> Unavailable:
    """The error for an answer that no agent sends."""
    return Unavailable(
        _("The agent's answer cannot be read: %(what)s. What was known of the node is kept.")
        % {"what": what}
    )


def answer_of(raw: object) -> Facts:
    """The answer as facts, once its version is one that is known here."""
    if not isinstance(raw, dict):
        raise unreadable(_("it is no object"))
    answer = Facts(raw)
    version = raw.get("version")
    if version != FORMAT_VERSION:
        raise unreadable(
            _("its format is version %(version)s, known here is %(known)s; upgrade the older side")
            % {"version": str(version)[:20], "known": FORMAT_VERSION}
        )
    return answer


def cursor_of(answer: Facts) -> str:
    """Where to go on."""
    cursor = answer.raw.get("cursor")
    if not isinstance(cursor, str) or not 0 < len(cursor) <= LONGEST_CURSOR:
        raise unreadable(_("it has no cursor"))
    return cursor


def node_of(raw: Facts) -> AgentNode:
    """The part `node`."""
    return AgentNode(
        hostname=raw.text("hostname"),
        kernel=raw.text("kernel", most=128),
        cpu_count=float(raw.whole("cpus")),
        cgroup_version=raw.whole_or_none("cgroup_version"),
        agent_version=raw.text("agent_version", most=64),
        swarm_certificate_expires_at=_moment(raw, "swarm_certificate_not_after_unix_s"),
        has_console=_yes_or_no(raw, "lets_consoles_through"),
    )


def _yes_or_no(raw: Facts, name: str) -> bool | None:
    value = raw.raw.get(name)
    return value if isinstance(value, bool) else None


def _moment(raw: Facts, name: str) -> datetime | None:
    moment = raw.moment(name) if isinstance(raw.raw.get(name), int) else NEVER
    return None if moment == NEVER else moment


def engine_of(raw: Facts) -> AgentEngine:
    """The part `engine`; who it is only where the agent has heard it."""
    answers = raw.raw.get("answers")
    info = raw.part("info")
    since_ms = raw.whole("since_unix_ms")
    return AgentEngine(
        answers=answers if isinstance(answers, bool) else None,
        reason=raw.text("reason", most=500),
        since=Facts({"at": since_ms // 1000}).moment("at"),
        identity=identity_of(info.raw, api_version=info.text("ApiVersion", most=16))
        if info
        else None,
    )


def ticks_of(answer: Facts) -> AgentTicks:
    """The part `ticks`: as many intervals as moments, moments that a calendar has."""
    ticks = answer.part("ticks")
    at = _numbers(ticks.raw.get("at_unix_ms"), what="ticks.at_unix_ms", types=(int,))
    intervals = _numbers(
        ticks.raw.get("interval_ms"), what="ticks.interval_ms", types=(int, NoneType)
    )
    if len(at) != len(intervals) or len(at) > MOST_TICKS:
        raise unreadable(_("its ticks do not fit each other"))
    latest_ms = datetime(2200, 1, 1, tzinfo=UTC).timestamp() * 1000
    if at and not 0 <= min(at) <= max(at) < latest_ms:
        raise unreadable(_("its ticks lie outside the calendar"))
    return AgentTicks(at, intervals)


def table_of(answer: Facts, name: str, *, tick_count: int) -> AgentTable:
    """One table with the columns that are read here."""
    raw = answer.part("tables", name)
    keys = raw.raw.get("keys")
    if not isinstance(keys, list) or set(map(type, keys)) - {str}:
        raise unreadable(_("the keys of %(table)s are not texts") % {"table": name})
    tick, key = (_numbers(raw.raw.get(part), what=f"{name}.{part}") for part in ("tick", "key"))
    if len(tick) != len(key) or _beyond(tick, tick_count) or _beyond(key, len(keys)):
        raise unreadable(_("the rows of %(table)s do not fit its ticks and keys") % {"table": name})
    columns = raw.part("columns")
    found = {column: _column(columns, name, column, len(tick)) for column in COLUMNS[name]}
    return AgentTable(keys, tick, key, found)


def _beyond(numbers: Sequence[int], limit: int) -> bool:
    return bool(numbers) and not 0 <= min(numbers) <= max(numbers) < limit


def _column(columns: Facts, table: str, name: str, length: int) -> Column:
    what = f"{table}.{name}"
    values: list[Any] = _numbers(columns.raw.get(name), what=what, types=(int, float, NoneType))
    known = [value for value in values if value is not None]
    if len(values) != length:
        raise unreadable(_("%(what)s has another length than its table") % {"what": what})
    if known and not 0 <= min(known) <= max(known) < inf:
        raise unreadable(_("%(what)s has a figure that no machine has") % {"what": what})
    return values


def _numbers(raw: object, *, what: str, types: Collection[type] = (int,)) -> list[Any]:
    if not isinstance(raw, list) or set(map(type, raw)).difference(types):
        raise unreadable(_("%(what)s is no list of numbers") % {"what": what})
    return raw


def events_of(changes: Sequence[Facts]) -> tuple[AgentEvent, ...]:
    """What happened to containers, of all that is told only what a page shows."""
    return tuple(
        _event(change)
        for change in changes
        if change.text("kind") == "event"
        and change.text("type") == "container"
        and change.text("action") in EVENTS_TOLD
    )


def _event(change: Facts) -> AgentEvent:
    attributes = change.part("attributes")
    code = attributes.text("exitCode", most=10)
    return AgentEvent(
        container_id=change.text("id", most=128),
        container_name=attributes.text("name"),
        action=change.text("action"),
        exit_code=int(code) if code.isascii() and code.isdigit() else None,
        at_unix_ms=change.whole("at_unix_ms"),
    )


def without_duration(container: ContainerInfo) -> ContainerInfo:
    """Agents tell of changes only, and time that passes is none: `Up 5 minutes (healthy)` is kept as `Up (healthy)`."""
    word, _blank, rest = container.status.partition(" ")
    remarks = [part for part in rest.replace(")", "(").split("(")[1::2] if part]
    status = " ".join([word, *(f"({remark})" for remark in remarks)])
    return replace(container, status=status)

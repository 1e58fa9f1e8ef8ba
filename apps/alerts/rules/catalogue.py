"""What can be watched: measures with their units, and facts with theirs, each in words. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

PERCENT, SECONDS, HOURS, DAYS, TIMES, YES = "%", "s", "h", "d", "times", "yes"
TASKS, MANAGERS = "tasks", "managers"

KIND_WORDS: dict[str, Promise] = {
    "cluster": _("cluster"),
    "node": _("node"),
    "service": _("service"),
    "stack": _("stack"),
    "container": _("container"),
    "volume": _("volume"),
    "namespace": _("namespace"),
    "registry": _("registry"),
    "token": _("personal token"),
    "robot": _("robot"),
    "portal": _("the portal itself"),
    "channel": _("channel"),
}

MEASURE_WORDS: dict[str, Promise] = {
    "cpu_cores": _("CPU"),
    "memory_bytes": _("memory"),
    "network_rx_bps": _("network, received"),
    "network_tx_bps": _("network, sent"),
    "block_read_bps": _("block I/O, read"),
    "block_write_bps": _("block I/O, written"),
    "pids": _("processes"),
    "load_1m": _("load (1 min)"),
    "swap_used_bytes": _("swap used"),
    "disk_used_bytes": _("disk used"),
    "disk_total_bytes": _("disk size"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that is known without a metric: what its number counts, and of what."""

    words: Promise
    kinds: tuple[str, ...]
    unit: str
    is_counted: bool = False
    """Counted over the rule's window, from what happened."""


FACTS: dict[str, Fact] = {
    "node_down": Fact(words=_("is down"), kinds=("node",), unit=YES),
    "node_silent": Fact(words=_("has not answered the portal for"), kinds=("node",), unit=SECONDS),
    "clock_skew": Fact(words=_("has a clock that is wrong by"), kinds=("node",), unit=SECONDS),
    "quorum_margin": Fact(
        words=_("managers that may still fail"), kinds=("cluster",), unit=MANAGERS
    ),
    "cluster_silent": Fact(
        words=_("has no manager that answered for"), kinds=("cluster",), unit=SECONDS
    ),
    "replicas_short": Fact(words=_("lacks running tasks"), kinds=("service",), unit=TASKS),
    "update_halted": Fact(words=_("has an update that went wrong"), kinds=("service",), unit=YES),
    "crash_loop": Fact(
        words=_("has tasks that failed"), kinds=("service",), unit=TIMES, is_counted=True
    ),
    "task_rejected": Fact(
        words=_("has tasks that were rejected"), kinds=("service",), unit=TIMES, is_counted=True
    ),
    "container_died": Fact(
        words=_("ended by itself"), kinds=("container",), unit=TIMES, is_counted=True
    ),
    "oom": Fact(
        words=_("ran out of memory"), kinds=("service", "container"), unit=TIMES, is_counted=True
    ),
    "unhealthy": Fact(words=_("is unhealthy"), kinds=("container",), unit=YES),
    "certificate_days": Fact(
        words=_("has a certificate that is valid for"), kinds=("node", "portal"), unit=DAYS
    ),
    "token_days": Fact(words=_("is valid for"), kinds=("token", "robot"), unit=DAYS),
    "poll_late": Fact(words=_("has had no sample for"), kinds=("portal",), unit=SECONDS),
    "backup_age": Fact(words=_("has no newer backup than"), kinds=("portal",), unit=HOURS),
    "undelivered": Fact(words=_("did not take a message"), kinds=("channel",), unit=YES),
}

# Whose share can be told: of a limit or a reservation, or of what its machine has.
SHARED = {
    "cpu_cores": ("limit", "reservation", "host"),
    "memory_bytes": ("limit", "reservation", "host"),
    "disk_used_bytes": ("host",),
    "load_1m": ("host",),
}
LIMITED_KINDS = ("container", "service", "stack")
HOSTED_KINDS = ("container", "node", "cluster", "volume")

RATE_UNITS = {"bytes": "bytes/h", "cores": "cores/h", "processes": "processes/h"}

UNIT_WORDS: dict[str, Promise] = {
    PERCENT: _("%"),
    SECONDS: _("seconds"),
    HOURS: _("hours"),
    DAYS: _("days"),
    TIMES: _("times"),
    TASKS: pgettext_lazy("how many", "tasks"),
    MANAGERS: pgettext_lazy("how many", "managers"),
    "cores": _("cores"),
    "bytes": _("bytes"),
    "bytes/s": _("bytes a second"),
    "processes": _("processes"),
    "bytes/h": _("bytes an hour"),
    "cores/h": _("cores an hour"),
    "processes/h": _("processes an hour"),
    "bytes/s/h": _("bytes a second, an hour"),
}


def unit_of(condition: str, metric: str, *, against: str, measures: dict[str, str]) -> str:
    """In what the rule's value is given; `measures` names each measure's own unit."""
    own = measures.get(metric, "")
    by_condition = {
        "event": FACTS[metric].unit if metric in FACTS else "",
        "absence": SECONDS,
        "time_to_full": HOURS,
        "rate": RATE_UNITS.get(own, f"{own}/h"),
    }
    if condition in by_condition:
        return by_condition[condition]
    return own if against == "absolute" else PERCENT


def subject_of(condition: str, metric: str) -> str:
    """What an alert is about, by the name that inhibition knows: a fact, or the condition."""
    return metric if condition == "event" else condition

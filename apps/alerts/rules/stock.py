"""The rules that come with the portal; docs/alerts.md says why these, and why at these values. Pure data."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from django.utils.translation import gettext_noop as _

MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class StockRule:
    """One ready-made rule, as the table has it; name and words are translated where they are shown."""

    stock_key: str
    name: str
    metric: str
    object_kind: str
    words: str
    value: float
    condition: str = "event"
    severity: str = "warning"
    against: str = "absolute"
    comparison: str = "above"
    window_s: int = MINUTE
    for_s: int = 0
    clear_value: float | None = None
    clear_for_s: int = MINUTE
    min_samples: int = 1

    def columns(self) -> dict[str, Any]:
        """As the table's columns."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


EVENTS = (
    StockRule(
        stock_key="node-down",
        name=_("A node is down"),
        metric="node_down",
        object_kind="node",
        value=1,
        severity="critical",
        for_s=60,
        words=_(
            "Look whether the machine runs and reaches the managers (ports 2377, 7946, 4789). Its tasks are"
            " placed elsewhere meanwhile, where there is room. When it comes back it takes new tasks by itself."
        ),
    ),
    StockRule(
        stock_key="node-silent",
        name=_("A node does not answer the portal"),
        metric="node_silent",
        object_kind="node",
        value=300,
        words=_(
            "The Swarm sees the node, the portal does not: look at its page, tab Connection, for what was tried"
            " last. Often the agent is stopped or port 12376 is closed. Usage is missing meanwhile, services run on."
        ),
    ),
    StockRule(
        stock_key="quorum-at-risk",
        name=_("No further manager may fail"),
        metric="quorum_margin",
        object_kind="cluster",
        value=0,
        comparison="below",
        severity="critical",
        for_s=60,
        words=_(
            "Bring the managers back that do not answer, or promote a ready worker. Without a majority of"
            " managers nothing can be changed in the Swarm; what runs goes on running."
        ),
    ),
    StockRule(
        stock_key="cluster-silent",
        name=_("No manager of a cluster answers"),
        metric="cluster_silent",
        object_kind="cluster",
        value=120,
        severity="critical",
        words=_(
            "The portal reaches none of the managers, so that all it shows of this cluster is old. Check"
            " the network between the portal and the managers first, then the engines."
        ),
    ),
    StockRule(
        stock_key="replicas-short",
        name=_("A service lacks tasks"),
        metric="replicas_short",
        object_kind="service",
        value=1,
        for_s=5 * MINUTE,
        words=_(
            "Look at the service's tasks: the newest that is not running says why. Usual reasons are a missing"
            " image, a constraint that no node meets, or too little room for its reservation."
        ),
    ),
    StockRule(
        stock_key="update-halted",
        name=_("A service's update was halted"),
        metric="update_halted",
        object_kind="service",
        value=1,
        words=_(
            "New tasks failed, so that the Swarm stopped in the midst of the update: old and new run side by"
            " side. Mend the image or its settings and update again, or roll back."
        ),
    ),
    StockRule(
        stock_key="crash-loop",
        name=_("A service's tasks fail again and again"),
        metric="crash_loop",
        object_kind="service",
        value=3,
        window_s=10 * MINUTE,
        clear_for_s=10 * MINUTE,
        words=_(
            "Read the logs of the last failed task; exit code 137 means that it was killed, most often for"
            " lack of memory. If it began with a deploy, roll back first and look afterwards."
        ),
    ),
    StockRule(
        stock_key="container-crash-loop",
        name=_("A container ends again and again"),
        metric="container_died",
        object_kind="container",
        value=3,
        window_s=10 * MINUTE,
        clear_for_s=10 * MINUTE,
        words=_(
            "Read the container's log and its exit code; its restart policy starts it each time anew."
        ),
    ),
    StockRule(
        stock_key="service-oom",
        name=_("A service ran out of memory"),
        metric="oom",
        object_kind="service",
        value=1,
        window_s=10 * MINUTE,
        clear_for_s=10 * MINUTE,
        words=_(
            "The kernel ended a process that reached its memory limit. Compare the limit with the chart of the"
            " service's memory: raise it, or look for the leak if use only ever grows."
        ),
    ),
    StockRule(
        stock_key="container-oom",
        name=_("A container ran out of memory"),
        metric="oom",
        object_kind="container",
        value=1,
        window_s=10 * MINUTE,
        clear_for_s=10 * MINUTE,
        words=_(
            "The kernel ended a process that reached its memory limit. Raise the limit or look for the leak."
        ),
    ),
    StockRule(
        stock_key="unhealthy",
        name=_("A container is unhealthy"),
        metric="unhealthy",
        object_kind="container",
        value=1,
        for_s=3 * MINUTE,
        words=_(
            "Its own health check fails. See the check's output with docker inspect; in a service the Swarm"
            " replaces the task by itself, so that this lasts only where it does not help."
        ),
    ),
    StockRule(
        stock_key="task-rejected",
        name=_("A service's tasks are rejected"),
        metric="task_rejected",
        object_kind="service",
        value=2,
        window_s=10 * MINUTE,
        clear_for_s=10 * MINUTE,
        words=_(
            "A node refused the task before it started: the image cannot be pulled, or a mount, secret or"
            " network is missing there. The task's error says which."
        ),
    ),
    StockRule(
        stock_key="node-certificate",
        name=_("A node's certificate ends soon"),
        metric="certificate_days",
        object_kind="node",
        value=14,
        comparison="below",
        for_s=HOUR,
        words=_(
            "It should have been renewed by itself at two thirds of its time. The node's page, tab Connection,"
            " says why it was not."
        ),
    ),
    StockRule(
        stock_key="portal-certificate",
        name=_("The portal's certificate ends soon"),
        metric="certificate_days",
        object_kind="portal",
        value=14,
        comparison="below",
        for_s=HOUR,
        words=_(
            "The portal renews its own certificates by itself; one that you named by DCE_TLS_CERT you have to"
            " replace. Afterwards browsers and docker clients go on without a change."
        ),
    ),
    StockRule(
        stock_key="token-expiry",
        name=_("A token in use ends soon"),
        metric="token_days",
        object_kind="token",
        value=7,
        comparison="below",
        severity="info",
        for_s=HOUR,
        words=_(
            "Make a new token and put it where the old one is used, before scripts and logins stop working."
        ),
    ),
    StockRule(
        stock_key="robot-expiry",
        name=_("A robot in use ends soon"),
        metric="token_days",
        object_kind="robot",
        value=7,
        comparison="below",
        severity="info",
        for_s=HOUR,
        words=_(
            "Rotate the robot's secret on its page, which lets the old one work a while longer, and put the"
            " new one where the old one is used, before builds and pulls stop working."
        ),
    ),
    StockRule(
        stock_key="clock-skew",
        name=_("A node's clock is wrong"),
        metric="clock_skew",
        object_kind="node",
        value=10,
        clear_value=5,
        for_s=5 * MINUTE,
        words=_(
            "Start or mend time synchronisation (chrony, systemd-timesyncd) on the node: TLS and logs depend on it."
        ),
    ),
    StockRule(
        stock_key="poll-late",
        name=_("The portal gets no samples"),
        metric="poll_late",
        object_kind="portal",
        value=120,
        severity="critical",
        words=_(
            "Nothing at all was heard from any node. See whether the poll worker runs (supervisorctl status poll)"
            " and whether the portal's machine has network. What agents hold comes in afterwards."
        ),
    ),
    StockRule(
        stock_key="channel-undelivered",
        name=_("Messages do not arrive"),
        metric="undelivered",
        object_kind="channel",
        value=1,
        words=_(
            "A message was given up after all its attempts. The deliveries say why; the channel's test shows"
            " whether it works again."
        ),
    ),
    StockRule(
        stock_key="backup-overdue",
        name=_("The backup is overdue"),
        metric="backup_age",
        object_kind="portal",
        value=36,
        words=_(
            "The last backup is older than a day and a half. See what the last one said, and start one now."
        ),
    ),
)

USAGE = (
    StockRule(
        stock_key="node-memory",
        name=_("A node's memory is nearly full"),
        condition="threshold",
        metric="memory_bytes",
        object_kind="node",
        against="host",
        value=92,
        clear_value=88,
        for_s=5 * MINUTE,
        clear_for_s=5 * MINUTE,
        min_samples=3,
        severity="critical",
        words=_(
            "Soon the kernel ends processes of its own choice. The culprits are named below: give them limits,"
            " move them, or add memory. Draining the node moves all of its tasks."
        ),
    ),
    StockRule(
        stock_key="node-cpu",
        name=_("A node's CPU is busy for long"),
        condition="threshold",
        metric="cpu_cores",
        object_kind="node",
        against="host",
        value=95,
        clear_value=85,
        window_s=5 * MINUTE,
        for_s=15 * MINUTE,
        clear_for_s=5 * MINUTE,
        min_samples=10,
        words=_(
            "Everything on this node gets slower. The culprits are named below: limit them, scale them out to"
            " other nodes, or rebalance the service."
        ),
    ),
    StockRule(
        stock_key="node-disk",
        name=_("A node's disk is nearly full"),
        condition="threshold",
        metric="disk_used_bytes",
        object_kind="node",
        against="host",
        value=90,
        clear_value=87,
        for_s=10 * MINUTE,
        clear_for_s=10 * MINUTE,
        severity="critical",
        words=_(
            "When it is full, containers fail to write and the engine may stop. The node's page offers a prune of"
            " unused images, containers and volumes, and says before what it frees."
        ),
    ),
    StockRule(
        stock_key="container-memory-limit",
        name=_("A container is near its memory limit"),
        condition="threshold",
        metric="memory_bytes",
        object_kind="container",
        against="limit",
        value=95,
        clear_value=90,
        window_s=5 * MINUTE,
        for_s=10 * MINUTE,
        clear_for_s=5 * MINUTE,
        min_samples=10,
        words=_(
            "At its limit the kernel ends it. Raise the limit, or look why it needs more than it was given."
        ),
    ),
    StockRule(
        stock_key="disk-filling",
        name=_("A node's disk fills up"),
        condition="time_to_full",
        metric="disk_used_bytes",
        object_kind="node",
        comparison="below",
        value=48,
        clear_value=72,
        for_s=HOUR,
        clear_for_s=HOUR,
        words=_(
            "By its trend it is full within two days. Prune what is unused, or look what grows: logs, images, a volume."
        ),
    ),
    StockRule(
        stock_key="registry-filling",
        name=_("The registry's storage fills up"),
        condition="time_to_full",
        metric="disk_used_bytes",
        object_kind="registry",
        comparison="below",
        value=72,
        clear_value=96,
        for_s=HOUR,
        clear_for_s=HOUR,
        words=_(
            "By its trend the registry is full within three days. Delete tags that nobody uses, or give it more room."
        ),
    ),
)

STOCK_RULES = (*EVENTS, *USAGE)

"""The charts that pages may show: what each measures, in words and in which unit; one registry for all pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a measure, its name in the key, and its colour as the style sheet calls it."""

    measure: str
    label: Words
    color: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One chart; `limit` is the measure whose limit, reservation and capacity stand beside it."""

    title: Words
    meaning: Words
    unit: str
    lines: tuple[Line, ...]
    limit: str = ""
    # A measure that says how much there is at all: the disk's size beside what is used of it.
    whole: str = ""
    # Told of everything that containers are part of; the others are hosts' own.
    is_usual: bool = True

    def spec(self) -> dict[str, Any]:
        """What the browser needs to draw it."""
        return {
            "unit": self.unit,
            "limit": self.limit,
            "whole": self.whole,
            "measures": [line.measure for line in self.lines],
            "labels": [str(line.label) for line in self.lines],
            "colors": [line.color for line in self.lines],
        }


AVERAGE = _("average")
SHARE = _("The share beside it is of the limit, or of the machine where there is no limit.")


def _with_share(meaning: Words) -> Words:
    return format_lazy("{} {}", meaning, SHARE)


CHARTS: dict[str, Chart] = {
    "cpu": Chart(
        title=_("CPU"),
        meaning=_with_share(_("Processor time in use, in cores: 1 is one core kept fully busy.")),
        unit="cores",
        limit="cpu_cores",
        lines=(Line("cpu_cores", AVERAGE, "--dce-cpu"),),
    ),
    "memory": Chart(
        title=_("Memory"),
        meaning=_with_share(
            _("Memory in use, in bytes, without what the system can take back at once (cache).")
        ),
        unit="bytes",
        limit="memory_bytes",
        lines=(Line("memory_bytes", AVERAGE, "--dce-memory"),),
    ),
    "network": Chart(
        title=_("Network"),
        meaning=_("Bytes a second that came in and went out over the network."),
        unit="bytes/s",
        lines=(
            Line("network_rx_bps", _("received"), "--dce-cpu"),
            Line("network_tx_bps", _("sent"), "--dce-second"),
        ),
    ),
    "block": Chart(
        title=_("Block I/O"),
        meaning=_("Bytes a second that were read from disks and written to them."),
        unit="bytes/s",
        lines=(
            Line("block_read_bps", _("read"), "--dce-cpu"),
            Line("block_write_bps", _("written"), "--dce-second"),
        ),
    ),
    "pids": Chart(
        title=_("Processes"),
        meaning=_("How many processes and threads there are."),
        unit="processes",
        lines=(Line("pids", _("processes"), "--dce-second"),),
    ),
    "load": Chart(
        title=_("Load"),
        meaning=_(
            "Processes that run or wait to run, as the mean of a minute: above the number of cores, some wait."
        ),
        is_usual=False,
        unit="processes",
        limit="load_1m",
        lines=(Line("load_1m", _("load (1 min)"), "--dce-cpu"),),
    ),
    "swap": Chart(
        title=_("Swap"),
        meaning=_(
            "Memory that the system has moved to disk, in bytes; growth means that memory is short."
        ),
        is_usual=False,
        unit="bytes",
        lines=(Line("swap_used_bytes", AVERAGE, "--dce-memory"),),
    ),
    "disk": Chart(
        title=_("Disk"),
        meaning=_(
            "Used on the file system that holds the engine's data, in bytes, of its whole size."
        ),
        is_usual=False,
        unit="bytes",
        whole="disk_total_bytes",
        lines=(Line("disk_used_bytes", pgettext_lazy("disk space", "used"), "--dce-second"),),
    ),
}


def chart_of(metric: str) -> Chart:
    """The chart of that name; the processor's for a name that is not known."""
    return CHARTS.get(metric, CHARTS["cpu"])

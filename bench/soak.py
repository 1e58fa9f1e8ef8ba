"""A three-node Swarm under load that rises and falls, watched by a portal for an hour.

    .venv/bin/python -m bench.soak [--minutes 60] [--bare]

Three engines in network namespaces join a portal by the line, each with its agent; services of
busybox loops grow and shrink. With --bare the portal asks the engines themselves, without agents:
no image is built, and figures come as often as it polls. At the end: no node's series has a gap, the minutes equal what
the raw samples add up to, no process has leaked, and database and Redis have grown as they
should. It needs root and what tests/lab needs, prints a table, and ends with 1 where one of these fails.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import redis

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "agent"))

from bench.stand import table
from tests.e2e.joining import Joining, joining_site
from tests.e2e.lab_services import service
from tests.e2e.site import seeded
from tests.lab.agent_image import built_agent_image
from tests.lab.host import LabError, wait_until
from tests.lab.swarm import Lab
from tests.plugins.portal import started_portal
from tests.standins.agents import in_portal

NODES = 3
SERVICES = ("rise", "fall", "wave")
MOST_REPLICAS = 6
CHANGE_EVERY_S = 20
LOOK_EVERY_S = 10
WARM_UP_S = 60
# An agent samples every five seconds and is polled within ten: a sample that is missing is a gap.
LONGEST_GAP_S = 12
# A bare engine is asked five to ten seconds after its last answer, which takes a moment itself.
LONGEST_BARE_GAP_S = 18
# Beyond what caches take: what a process grows an hour, by the slope of its second half.
LEAK_MIB_AN_HOUR = 30.0
# Runs shorter than this say nothing about a slope; then the whole growth counts.
SLOPE_NEEDS_S = 1200
MOST_GROWTH_MIB = 60.0
REDIS_GROWTH_MIB = 32.0
BYTES_A_ROW = 400


@dataclass(slots=True)
class Curve:
    """One process's memory over the run."""

    at_s: list[float] = field(default_factory=list)
    mib: list[float] = field(default_factory=list)

    def add(self, at_s: float, mib: float) -> None:
        """One more look."""
        self.at_s.append(at_s)
        self.mib.append(mib)

    @property
    def growth_mib(self) -> float:
        """From after the warm-up to the end, by medians of five looks."""
        return float(np.median(self.mib[-5:]) - np.median(self.mib[:5]))

    @property
    def slope_mib_h(self) -> float:
        """Of the second half, when caches are full."""
        half = len(self.at_s) // 2
        if len(self.at_s) - half < 3:
            return 0.0
        slope, _start = np.polyfit(self.at_s[half:], self.mib[half:], 1)
        return float(slope * 3600)

    def leaks(self) -> bool:
        """Whether it grows on."""
        if self.at_s[-1] - self.at_s[0] < SLOPE_NEEDS_S:
            return self.growth_mib > MOST_GROWTH_MIB
        return self.slope_mib_h > LEAK_MIB_AN_HOUR and self.growth_mib > LEAK_MIB_AN_HOUR / 3


@dataclass(slots=True)
class Soak:
    """The portal, its Swarm, and what was seen of both."""

    joining: Joining
    longest_gap_s: int
    curves: dict[str, Curve] = field(default_factory=dict)
    restarts: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    changes: int = 0
    unready: int = 0
    looks: int = 0

    def look(self, at_s: float) -> None:
        """Every process's memory, those it started included; and whether all is well."""
        self.looks += 1
        self.unready += not self.joining.site.is_healthy()
        for name, pid in self.joining.site.process_ids().items():
            mib = _memory_mib(pid)
            if mib is not None:
                self.curves.setdefault(name, Curve()).add(at_s, mib)

    def expect(self, *, ok: bool, fault: str) -> str:
        """The word for the table; a fault is told at the end."""
        if not ok:
            self.faults.append(fault)
        return "ok" if ok else "FAILED"


def _memory_mib(pid: int) -> float | None:
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return sum(one.memory_info().rss for one in family) / 2**20
    except psutil.NoSuchProcess:
        return None


def scale(lab: Lab, service_id: str, replicas: int) -> bool:
    """Change a service behind the portal's back; False when the Swarm was busy with it."""
    api = lab.engine(1).api
    try:
        found = api.get(f"/services/{service_id}")
        spec = {**found["Spec"], "Mode": {"Replicated": {"Replicas": replicas}}}
        api.post(f"/services/{service_id}/update", spec, version=found["Version"]["Index"])
    except LabError:
        return False
    return True


def wanted(name: str, passed: float, chance: random.Random) -> int:
    """How many replicas at a part of the run: one service rises, one falls, one goes up and down."""
    shape = {"rise": passed, "fall": 1 - passed, "wave": 0.5 - 0.5 * np.cos(passed * 8 * np.pi)}
    return max(0, min(MOST_REPLICAS, round(shape[name] * MOST_REPLICAS + chance.uniform(-1, 1))))


def run(soak: Soak, *, seconds: float) -> None:
    """Load and looks until the time is over."""
    chance, lab = random.Random(4), soak.joining.lab
    with ExitStack() as stack:
        made = {n: stack.enter_context(service(lab, f"soak-{n}", replicas=1)) for n in SERVICES}
        began_s = time.monotonic()
        due_s = {"look": 0.0, "change": 0.0}
        while (now_s := time.monotonic() - began_s) < seconds:
            if now_s >= due_s["change"]:
                name = chance.choice(SERVICES)
                soak.changes += scale(lab, made[name], wanted(name, now_s / seconds, chance))
                due_s["change"] = now_s + CHANGE_EVERY_S
            if now_s >= due_s["look"]:
                if now_s >= min(WARM_UP_S, seconds / 4):
                    soak.look(now_s)
                due_s["look"] = now_s + LOOK_EVERY_S
                print(f"\r{now_s:5.0f} of {seconds:.0f} s", end="", flush=True)
            time.sleep(0.5)
    print()


# Run inside the portal: gaps by node, and every closed minute against its raw samples.
CHECK = """
import json, sys
from itertools import pairwise
from apps.metrics import upkeep
from apps.metrics.measures import MEASURES
from apps.metrics.models import MetricObject, MinuteSample, Sample
from apps.metrics.rollup import Point, roll_up

since, until = {since}, {until}
upkeep.settle_quiet_objects()  # what ended a moment ago is summed up within five minutes
wrong, compared, gaps, rows = [], 0, {{}}, 0
for one in MetricObject.objects.all():
    raw = list(Sample.objects.filter(object=one, at_s__gte=since, at_s__lt=until).order_by("at_s")
               .values_list("at_s", *MEASURES))
    rows += len(raw)
    if one.kind in ("node", "cluster") and len(raw) > 1:
        gaps[f"{{one.kind}} {{one.label}}"] = max(b[0] - a[0] for a, b in pairwise(raw))
    points = [Point(one.pk, at_s, dict(zip(MEASURES, values))) for at_s, *values in raw]
    kept = {{row.minute_s: row for row in MinuteSample.objects.filter(
        object=one, minute_s__gte=since, minute_s__lt=until)}}
    for (_pk, minute_s), summaries in roll_up(points).items():
        if not summaries:
            continue
        row = kept.pop(minute_s, None)
        if row is None:
            wrong.append(f"{{one}} has no minute {{minute_s}}")
            continue
        for measure, summary in summaries.items():
            compared += 1
            told = [getattr(row, f"{{measure}}_{{part}}") for part in ("count", "sum", "min", "max")]
            own = [summary.count, summary.sum, summary.min, summary.max]
            if any(t is None or abs(t - o) > 1e-6 * max(1.0, abs(o)) for t, o in zip(told, own)):
                wrong.append(f"{{one}} {{minute_s}} {{measure}}: {{told}} instead of {{own}}")
    wrong += [f"{{one}} has a minute {{m}} without samples" for m in kept]
print(json.dumps({{"wrong": wrong[:20], "wrongs": len(wrong), "compared": compared, "gaps": gaps,
                  "rows": rows, "samples": Sample.objects.count(),
                  "minutes": MinuteSample.objects.count(), "objects": MetricObject.objects.count()}}))
"""


def checked(soak: Soak, *, since: float, until: float) -> dict[str, Any]:
    """What the portal's own tables say of the run, in whole minutes."""
    span = {"since": int(since // 60 + 1) * 60, "until": int(until // 60) * 60}
    told = in_portal(soak.joining.site.portal, CHECK.format(**span))
    return dict(json.loads(told.splitlines()[-1]))


def stores(soak: Soak) -> tuple[float, float]:
    """The database's and Redis' size in MiB."""
    data = soak.joining.site.portal.data
    files = sum(path.stat().st_size for path in data.glob("portal.sqlite3*"))
    with redis.Redis(unix_socket_path=str(data / "run" / "redis.sock")) as client:
        memory = client.info("memory")["used_memory"]
    return files / 2**20, memory / 2**20


def report(soak: Soak, found: dict[str, Any], before: tuple[float, float], seconds: float) -> None:
    """Three tables: series, processes, stores."""
    gaps = [
        [name, gap, soak.expect(ok=gap <= soak.longest_gap_s, fault=f"{name} has a gap of {gap} s")]
        for name, gap in sorted(found["gaps"].items())
    ]
    nodes = sum(name.startswith("node ") for name in found["gaps"])
    soak.expect(ok=nodes == NODES, fault=f"{nodes} nodes have samples instead of {NODES}")
    table(f"Longest gap of {seconds / 60:.0f} minutes (s)", ["", "gap", ""], gaps)
    table("Memory (MiB)", ["", "first", "last", "growth", "an hour", ""], _processes(soak))
    after = stores(soak)
    grown = [later - earlier for earlier, later in zip(before, after, strict=True)]
    most = max(found["samples"] + found["minutes"], 1) * BYTES_A_ROW / 2**20 + 16
    rows = [
        ["database MiB", *_sizes(before[0], after[0]), _fits(soak, "database", grown[0], most)],
        [
            "Redis MiB",
            *_sizes(before[1], after[1]),
            _fits(soak, "Redis", grown[1], REDIS_GROWTH_MIB),
        ],
    ]
    table("Stores", ["", "before", "after", "growth", ""], rows)
    is_right = not found["wrongs"] and found["compared"] > 0
    fault = f"{found['wrongs']} minutes differ from their samples: {found['wrong'][:3]}"
    right = soak.expect(ok=is_right, fault=fault)
    calm = soak.expect(
        ok=soak.unready <= max(soak.looks // 50, 1),
        fault=f"/readyz was not ok in {soak.unready} of {soak.looks} looks",
    )
    table(
        "Usage",
        ["", "", ""],
        [
            ["raw rows of the run", found["rows"], ""],
            ["summaries compared with raw", found["compared"], right],
            ["looks at /readyz, not ok", f"{soak.looks}, {soak.unready}", calm],
            ["changes of the load", soak.changes, ""],
            ["measured objects", found["objects"], ""],
        ],
    )


def _processes(soak: Soak) -> list[Sequence[object]]:
    return [
        [
            name,
            *(f"{value:.1f}" for value in (curve.mib[0], curve.mib[-1], curve.growth_mib)),
            f"{curve.slope_mib_h:+.1f}",
            soak.expect(ok=not curve.leaks(), fault=f"{name} grew by {curve.growth_mib:.1f} MiB"),
        ]
        for name, curve in sorted(soak.curves.items())
    ]


def _sizes(before: float, after: float) -> list[str]:
    return [f"{before:.1f}", f"{after:.1f}", f"{after - before:+.1f}"]


def _fits(soak: Soak, name: str, growth: float, most: float) -> str:
    return soak.expect(ok=growth <= most, fault=f"{name} grew by {growth:.1f} of {most:.1f} MiB")


@contextmanager
def three_nodes() -> Iterator[Joining]:
    """A portal, and three managers that joined it by the line."""
    with joining_site(NODES, built_agent_image()) as joining:
        joining.joined(1, joining.line(role="manager"))
        (cluster,) = joining.site.api().list("clusters/")
        line = joining.line(role="manager", cluster=cluster["id"], uses=NODES - 1)
        for index in range(2, NODES + 1):
            joining.joined(index, line)
        joining.lab.load_image()
        _wait_for_nodes(joining)
        yield joining


@contextmanager
def three_bare_nodes() -> Iterator[Joining]:
    """A portal over a Swarm of three engines, each asked at its own address."""
    with Lab.create(NODES) as lab, tempfile.TemporaryDirectory(prefix="dce-soak-") as folder:
        lab.make_swarm()
        lab.load_image()
        settings = {"DCE_DOCKER_HOST": ",".join(engine.url for engine in lab.engines)}
        with started_portal(Path(folder) / "var", **settings) as portal:
            joining = Joining(seeded(portal, gateway=lab.gateway), lab)
            joining.site.wait_healthy()
            _wait_for_nodes(joining)
            yield joining


def _wait_for_nodes(joining: Joining) -> None:
    wait_until(
        lambda: all(joining.is_watched(f"eng{n}") for n in range(1, NODES + 1)),
        what="every node to be heard",
        timeout_s=180,
    )


def main() -> int:
    """Soak, check, print."""
    parser = argparse.ArgumentParser(description="Watch a Swarm under load for an hour.")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--bare", action="store_true", help="without agents")
    options = parser.parse_args()
    seconds = options.minutes * 60
    world, gap_s = three_nodes, LONGEST_GAP_S
    if options.bare:
        world, gap_s = three_bare_nodes, LONGEST_BARE_GAP_S
    with world() as joining:
        soak = Soak(joining, gap_s)
        before, began = stores(soak), time.time()
        run(soak, seconds=seconds)
        ended = time.time()
        # The last minute is closed once the next has begun and was polled.
        time.sleep(75)
        found = checked(soak, since=began, until=ended)
        report(soak, found, before, seconds)
        if soak.faults:
            _keep_logs(joining.site.portal.data)
    print("\n" + ("\n".join(soak.faults) if soak.faults else "Nothing leaked, nothing was missed."))
    return 1 if soak.faults else 0


def _keep_logs(data: Path) -> None:
    """The ends of the portal's logs, for whoever looks for the cause."""
    for path in sorted((data / "log").glob("*.log")):
        tail = path.read_text(errors="replace").splitlines()[-5:]
        print(f"--- {path.name}", *tail, sep="\n", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())

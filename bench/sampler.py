"""The agent's sampler against `docker stats` and netdata, on one real engine with many containers.

    sudo .venv/bin/python -m bench.sampler [--containers 60] [--seconds 60]

Each runs alone for the same time beside the same containers; the engine's own work for it is
counted too. The agent is asked for its samples every five seconds, as the controller asks.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from tests.lab.agent import running_agent
from tests.lab.engine import Engine
from tests.lab.images import BUSYBOX_IMAGE
from tests.lab.requirements import missing
from tests.lab.swarm import Lab

CPU_BUDGET_PERCENT = 1.0
MEMORY_BUDGET_MIB = 40.0
SETTLING_S = 10
ASKED_EVERY_S = 5
ENGINE_PROGRAMS = ("dockerd", "containerd", "containerd-shim")
# A little work each second, so that the counters move and the machine is not full of it.
WORK = "while true; do i=0; while [ $i -lt 500 ]; do i=$((i+1)); done; sleep 1; done"
NETDATA = """\
[global]
    run as user = root
    update every = 5
[db]
    mode = ram
    update every = 5
[directories]
    cache = {folder}
    lib = {folder}
    log = {folder}
[logs]
    debug = none
    access = none
[web]
    bind to = unix:{folder}/netdata.sock
[ml]
    enabled = no
"""

Processes = Callable[[], list[psutil.Process]]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one of them took, as a share of a core and in memory."""

    name: str
    own_percent: float
    engine_percent: float
    peak_mib: float

    def __str__(self) -> str:
        """One line of the table."""
        together = self.own_percent + self.engine_percent
        figures = f"{self.own_percent:8.2f} {self.engine_percent:8.2f} {together:9.2f}"
        return f"{self.name:28}{figures} {self.peak_mib:11.1f}"


def measure(
    name: str, *, own: Processes, engine: Processes, seconds: int, ask: Callable[[], object]
) -> Cost:
    """Let it settle, then count processor time and the largest memory for a while."""
    time.sleep(SETTLING_S)
    own_before, engine_before, began_s = _cpu_s(own()), _cpu_s(engine()), time.monotonic()
    peak = 0.0
    while time.monotonic() - began_s < seconds:
        ask()
        time.sleep(ASKED_EVERY_S)
        peak = max(peak, _memory_mib(own_before))
    took_s = time.monotonic() - began_s
    own_s, engine_s = _growth_s(own_before), _growth_s(engine_before)
    return Cost(name, 100 * own_s / took_s, 100 * engine_s / took_s, peak)


def _cpu_s(processes: list[psutil.Process]) -> dict[psutil.Process, float]:
    """Processor time so far, of those that have not ended."""
    taken = {}
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            taken[process] = times.user + times.system
    return taken


def _growth_s(before: dict[psutil.Process, float]) -> float:
    return sum(now_s - before[process] for process, now_s in _cpu_s(list(before)).items())


def _memory_mib(processes: Iterable[psutil.Process]) -> float:
    return sum(process.memory_info().rss for process in processes if process.is_running()) / 2**20


def measure_agent(engine: Engine, *, engine_processes: Processes, seconds: int) -> Cost:
    """The agent, asked for what is new as the controller asks."""
    with running_agent(engine) as agent:
        process, cursor = psutil.Process(agent.process.pid), [""]

        def ask() -> None:
            cursor[0] = agent.samples(cursor[0])["cursor"]

        own = {"own": lambda: [process], "engine": engine_processes}
        return measure("the agent, every 5 s", **own, seconds=seconds, ask=ask)


def measure_docker_stats(engine: Engine, *, engine_processes: Processes, seconds: int) -> Cost:
    """Docker's own client, which streams; it knows no other interval than a second."""
    with _running("docker", "--host", engine.url, "stats") as process:
        own = {"own": lambda: [process], "engine": engine_processes}
        return measure("docker stats, streaming", **own, seconds=seconds, ask=lambda: None)


def measure_netdata(engine: Engine, *, engine_processes: Processes, seconds: int) -> Cost:
    """Debian's netdata in the engine's namespaces, its history in memory, no learning."""
    with TemporaryDirectory() as folder:
        settings = Path(folder, "netdata.conf")
        settings.write_text(NETDATA.format(folder=folder))
        inside = ("nsenter", "--target", str(_dockerd(engine).pid), "--all")
        with _running(*inside, "netdata", "-D", "-c", str(settings)) as entered:

            def own() -> list[psutil.Process]:
                return entered.children(recursive=True)

            both = {"own": own, "engine": engine_processes}
            return measure("netdata, every 5 s", **both, seconds=seconds, ask=lambda: None)


@contextmanager
def _running(*command: str) -> Iterator[psutil.Process]:
    """A program whose output nobody reads, until the block ends."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as started:
        process = psutil.Process(started.pid)
        try:
            yield process
        finally:
            for member in [*process.children(recursive=True), process]:
                member.terminate()


def _dockerd(engine: Engine) -> psutil.Process:
    holder = engine.process
    assert holder, "the engine ended during the benchmark"
    return psutil.Process(holder.children()[0].pid)


def _engine_processes(engine: Engine) -> list[psutil.Process]:
    """The engine, containerd and the shims; not what runs in the containers."""
    dockerd = _dockerd(engine)
    family = [dockerd, *dockerd.children(recursive=True)]
    return [process for process in family if _name(process).startswith(ENGINE_PROGRAMS)]


def _name(process: psutil.Process) -> str:
    """Nothing for one that has just ended."""
    with suppress(psutil.NoSuchProcess):
        return process.name()
    return ""


def _fill(engine: Engine, *, containers: int) -> None:
    body = {"Image": BUSYBOX_IMAGE, "Cmd": ["sh", "-c", WORK]}
    for _ in range(containers):
        container = engine.api.post("/containers/create", body)["Id"]
        engine.api.post(f"/containers/{container}/start")


def _report(costs: list[Cost], *, containers: int) -> bool:
    """Print the table, and whether the agent keeps its budget."""
    print(
        f"\n{containers} containers, {psutil.cpu_count()} processors. Percent of one core; MiB.\n"
    )
    print(f"{'':28}{'itself':>8} {'engine':>8} {'together':>9} {'memory':>11}")
    print(*costs, sep="\n")
    agent = costs[0]
    kept = agent.own_percent <= CPU_BUDGET_PERCENT and agent.peak_mib <= MEMORY_BUDGET_MIB
    budget = f"{CPU_BUDGET_PERCENT:g} % of a core and {MEMORY_BUDGET_MIB:g} MiB"
    print(f"\nThe agent {'keeps' if kept else 'EXCEEDS'} its budget of {budget}.")
    return kept


def main() -> int:
    """Run all three; 1 when the agent exceeds its budget or nothing can be measured here."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--containers", type=int, default=60)
    parser.add_argument("--seconds", type=int, default=60)
    chosen = parser.parse_args()
    if lacks := missing():
        print("This benchmark needs a lab:", *lacks, file=sys.stderr)
        return 1
    contestants = [measure_agent, measure_docker_stats]
    if shutil.which("netdata"):
        contestants.append(measure_netdata)
    else:
        print("netdata is not installed: left out. (Debian's package netdata has it.)")
    with ExitStack() as stack:
        lab = stack.enter_context(Lab.create(1))
        lab.load_image()
        engine = lab.engine(1)
        _fill(engine, containers=chosen.containers)
        costs = [
            contestant(
                engine,
                engine_processes=lambda: _engine_processes(engine),
                seconds=chosen.seconds,
            )
            for contestant in contestants
        ]
    return 0 if _report(costs, containers=chosen.containers) else 1


if __name__ == "__main__":
    sys.exit(main())

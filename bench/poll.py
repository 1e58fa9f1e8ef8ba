"""A poll worker over stand-in agents, and beside it the same answers fetched and thrown away.

    .venv/bin/python -m bench.poll [--agents 1000] [--containers 30] [--seconds 60] [--workers 1]

The worker is the real one (Celery, SQLite or the database of --database-url, Redis); the
agents are one process of this machine over mutual TLS. The peer is the least that any
poller pays: the same requests by the same HTTP client, neither parsed nor stored.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import trustme

from bench.agents import address_of
from bench.stand import table
from tests.lab.host import wait_until
from tests.programs import find_program

CHECKOUT = Path(__file__).resolve().parents[1]
SERVER_NAME = "agent-000000000000.dce"
WITHIN_S = 10.0
CPU_BUDGET, MEMORY_BUDGET_MIB = 1.0, 512
START_TIMEOUT_S = 900
TICK_S = 1.0
# As the poll worker's, which cannot be imported without Django's settings.
PAUSES_S, FIRST_QUESTIONS_A_S = (6.0, 8.0), 100
CURSOR = re.compile(rb'"cursor": ?"([^"]+)"')
SEED = """
from apps.nodes.models import EngineEndpoint
urls = open({urls!r}).read().split()
EngineEndpoint.objects.bulk_create(
    EngineEndpoint(kind="agent", url=url, server_name={name!r}) for url in urls)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run took and brought; `first_s` and `first_cpu_s` until every first answer was stored."""

    name: str
    first_s: float
    first_cpu_s: float
    share_within: float
    missed: int
    cores: float
    peak_mib: float
    polls_per_s: float

    def row(self) -> list[object]:
        """One line of the table."""
        return [
            self.name,
            f"{self.first_s:.0f}",
            f"{self.first_cpu_s:.0f}",
            f"{self.share_within:.1%}",
            self.missed,
            f"{self.polls_per_s:.0f}",
            f"{self.cores:.2f}",
            f"{self.cores / self.polls_per_s * 1000:.1f}",
            f"{self.peak_mib:.0f}",
        ]


class Bench:
    """The folder, the environment and the processes of a run."""

    def __init__(self, stack: ExitStack, options: argparse.Namespace) -> None:
        """Make certificates and start Redis and the agents."""
        self.stack, self.options = stack, options
        self.folder = Path(tempfile.mkdtemp(prefix="dce-bench-"))
        stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.environ = self._environ()
        _certificates(self.folder)
        self._start_redis()
        self.agents = self._start_agents()

    def _environ(self) -> dict[str, str]:
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("DCE_", "DJANGO_"))}
        given = {
            "DCE_DATA": str(self.folder / "var"),
            "DCE_REDIS_URL": f"unix://{self.folder}/redis.sock",
            "DCE_DOCKER_HOST": f"unix://{self.folder}/none.sock",
            "DCE_POLL_SHARDS": str(self.options.workers),
            "DJANGO_SETTINGS_MODULE": "dce_portal.settings.base",
        }
        if self.options.database_url:
            given["DCE_DATABASE_URL"] = self.options.database_url
        return kept | given

    def _start_redis(self) -> None:
        program = find_program("redis-server") or "redis-server"
        socket = self.folder / "redis.sock"
        command = [program, "--port", "0", "--unixsocket", str(socket), "--save", ""]
        self.spawn(command, stdout=subprocess.DEVNULL)
        wait_until(socket.exists, what="Redis to listen", timeout_s=20)

    def _start_agents(self) -> subprocess.Popen[bytes]:
        numbers = (self.options.agents, self.options.containers, self.options.port)
        command = [sys.executable, "-m", "bench.agents", str(self.folder), *map(str, numbers)]
        process = self.spawn(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        if process.stdout.readline() != b"ready\n":
            raise SystemExit("The stand-in agents did not start.")
        return process

    def spawn(self, command: Sequence[str], **options: object) -> subprocess.Popen[bytes]:
        """Start a process that ends with the run."""
        process = subprocess.Popen(command, cwd=CHECKOUT, env=self.environ, **options)  # type: ignore[call-overload]
        self.stack.callback(_end, process)
        return process

    def urls(self) -> list[str]:
        """Where the agents are."""
        return [f"tcp://{address_of(n)}:{self.options.port}" for n in range(self.options.agents)]

    def asked(self, path: str = "/") -> dict:
        """What the agents were asked since the last such question."""
        url = f"http://127.0.0.1:{self.options.port + 1}{path}"
        with urllib.request.urlopen(url, timeout=30) as answer:
            return json.load(answer)

    def prepare_portal(self) -> None:
        """A database with the addresses of all agents."""
        for name in ("secrets", "static", "run", "log"):
            (self.folder / "var" / name).mkdir(parents=True, exist_ok=True)
        secret = self.folder / "var" / "secrets" / "django-secret-key"
        secret.write_text("not-a-secret-" + "x" * 50)
        authority = self.folder / "var" / "secrets" / "authority"
        authority.mkdir()
        for name in ("bundle.pem", "controller.pem", "controller.key"):
            shutil.copy(self.folder / name, authority / name)
        (self.folder / "urls").write_text("\n".join(self.urls()))
        self._manage("migrate", "-v", "0")
        seed = SEED.format(urls=str(self.folder / "urls"), name=SERVER_NAME)
        self._manage("shell", "-v", "0", "-c", seed)

    def _manage(self, *arguments: str) -> None:
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=CHECKOUT, env=self.environ, check=True)

    def start_workers(self) -> list[subprocess.Popen[bytes]]:
        """The poll workers, and beat's ticks for them."""
        log = (self.folder / "poll.log").open("wb")
        self.stack.callback(log.close)
        worker = [sys.executable, "-m", "celery", "-A", "dce_portal", "worker", "-Q", "poll"]
        options = ["--pool", "solo", "--loglevel", "warning", "--without-gossip"]
        workers = [
            self.spawn([*worker, *options, "-n", f"poll{n}@bench"], stdout=log, stderr=log)
            for n in range(self.options.workers)
        ]
        beat = [sys.executable, "-m", "celery", "-A", "dce_portal", "beat", "--loglevel", "error"]
        self.spawn([*beat, "-s", str(self.folder / "beat")], stdout=log, stderr=log)
        return workers


def _certificates(folder: Path) -> None:
    authority = trustme.CA()
    agents = authority.issue_cert(SERVER_NAME)
    controller = authority.issue_cert("dce-controller")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.cert_pem.write_to_path(folder / "bundle.pem")
    agents.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    controller.cert_chain_pems[0].write_to_path(folder / "controller.pem")
    controller.private_key_pem.write_to_path(folder / "controller.key")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def measured(bench: Bench, name: str, processes: list[psutil.Process]) -> Cost:
    """Wait until every agent is asked regularly, then count for a while."""
    bench.asked("/anew")
    first_s = _wait_for_first_answers(bench)
    first_cpu_s = _cpu_s(processes)
    time.sleep(bench.options.settle)
    bench.asked()
    before_s, began_s, peak = _cpu_s(processes), time.monotonic(), 0
    while time.monotonic() - began_s < bench.options.seconds:
        time.sleep(TICK_S)
        peak = max(peak, sum(process.memory_info().rss for process in processes))
    took_s = time.monotonic() - began_s
    cores = (_cpu_s(processes) - before_s) / took_s
    asked = bench.asked()
    ages = zip(asked["ages_s"], asked["gaps_s"], strict=True)
    longest = [max(age, gap) for age, gap in ages]
    return Cost(
        name,
        first_s=first_s,
        first_cpu_s=first_cpu_s,
        share_within=sum(gap <= WITHIN_S for gap in longest) / len(longest),
        missed=sum(gap > 2 * WITHIN_S for gap in longest),
        cores=cores,
        peak_mib=peak / 2**20,
        polls_per_s=asked["polls"] / took_s,
    )


def _wait_for_first_answers(bench: Bench) -> float:
    """Until each agent is asked with its own cursor: then its first answer is stored."""
    began_s = time.monotonic()
    while bench.asked()["known"] < bench.options.agents:
        if time.monotonic() - began_s > START_TIMEOUT_S:
            raise SystemExit(f"Not every agent was known after {START_TIMEOUT_S} s.")
        time.sleep(TICK_S)
    return time.monotonic() - began_s


def _cpu_s(processes: Sequence[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def workers(bench: Bench) -> Cost:
    """The real poll workers."""
    bench.prepare_portal()
    started = bench.start_workers()
    name = f"{len(started)} poll worker{'s' if len(started) > 1 else ''}"
    cost = measured(bench, name, [psutil.Process(worker.pid) for worker in started])
    if bench.options.keep_log:
        print((bench.folder / "poll.log").read_text()[-4000:], file=sys.stderr)
    for process in started:
        _end(process)
    return cost


def peer(bench: Bench) -> Cost:
    """Bare fetching."""
    command = [sys.executable, "-m", "bench.poll", "--fetch", str(bench.folder)]
    process = bench.spawn([*command, "--agents", str(bench.options.agents)])
    cost = measured(bench, "bare fetching", [psutil.Process(process.pid)])
    _end(process)
    return cost


async def fetch(folder: Path, urls: Sequence[str]) -> None:
    """Ask every agent again and again, as often as the poll worker does, and drop the answers."""
    import ssl

    import aiohttp

    context = ssl.create_default_context(cafile=folder / "bundle.pem")
    context.load_cert_chain(folder / "controller.pem", folder / "controller.key")

    async def ask(url: str) -> None:
        connector = aiohttp.TCPConnector(limit=0, ssl=context)
        base, since = url.replace("tcp", "https"), ""
        await asyncio.sleep(random.uniform(0.0, len(urls) / FIRST_QUESTIONS_A_S))
        async with aiohttp.ClientSession(base, connector=connector) as session:
            while True:
                path = f"/dce/v1/samples?since={since}"
                async with session.get(path, server_hostname=SERVER_NAME) as answer:
                    found = CURSOR.search(await answer.read())
                since = found[1].decode() if found else ""
                await asyncio.sleep(random.uniform(*PAUSES_S))

    await asyncio.gather(*(ask(url) for url in urls))


@contextmanager
def running(options: argparse.Namespace) -> Iterator[Bench]:
    """A bench whose processes end with the block."""
    with ExitStack() as stack:
        yield Bench(stack, options)


def main() -> int:
    """Run both and print them."""
    options = _options()
    if options.fetch:
        urls = (options.fetch / "urls").read_text().split()
        asyncio.run(fetch(options.fetch, urls))
        return 0
    with running(options) as bench:
        costs = [workers(bench)]
        print("measured:", *costs[0].row(), flush=True)
        costs.append(peer(bench))
    head = ["", "first s", "CPU s", f"within {WITHIN_S:.0f} s", "missed", "polls/s", "cores"]
    head += ["ms a poll", "MiB"]
    title = f"Polling {options.agents} agents with {options.containers} containers each"
    table(title, head, [cost.row() for cost in costs])
    own = costs[0]
    is_met = own.share_within == 1 and own.missed == 0
    is_met = is_met and own.cores <= CPU_BUDGET and own.peak_mib <= MEMORY_BUDGET_MIB
    print("goal (all within 10 s, 1 core, 512 MiB):", "met" if is_met else "not met")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Poll stand-in agents.")
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--containers", type=int, default=30)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--settle", type=int, default=15)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--port", type=int, default=19410)
    parser.add_argument("--database-url", default="")
    parser.add_argument("--keep-log", action="store_true")
    parser.add_argument("--fetch", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

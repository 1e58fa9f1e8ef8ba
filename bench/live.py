"""A stream process with a thousand browsers at one frame a second, and beside it a bare broadcast of the same bytes.

    .venv/bin/python -m bench.live [--sockets 1000] [--seconds 30] [--nodes 100]

The stream is the real one, as the launcher starts it, with signed-in people and real
WebSockets from processes of their own; frames are published through Redis as the poll
worker does it. The peer is the least that any such server pays: the same server with an
application of twenty lines that neither asks who is there nor knows what a frame is.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.live_browsers import raise_limit
from bench.stand import table
from tests.lab.host import wait_until
from tests.programs import find_program

CHECKOUT = Path(__file__).resolve().parents[1]
BROWSERS = "bench.live_browsers"
CLIENTS = 2
PEOPLE = 25
CPU_GOAL, P99_GOAL_MS, MEMORY_GOAL_KIB = 0.10, 350, 40
SETTLE_S = 5.0
START_TIMEOUT_S = 120
SEED = """
import json, sys
from django.contrib.auth.models import Group
from django.test import Client
from apps.accounts.models import User
from apps.nodes.models import Cluster
cluster = Cluster.objects.create(name="bench", kind="engines")
group = Group.objects.get(name="viewer")
keys = []
for number in range({people}):
    person = User.objects.create_user(f"viewer{{number}}", is_staff=True)
    person.groups.add(group)
    for _ in range({each}):
        browser = Client()
        browser.force_login(person)
        keys.append(browser.cookies["dce_session"].value)
open({path!r}, "w").write(json.dumps({{"cluster": cluster.pk, "keys": keys}}))
"""
PEER = """
import asyncio, time
sockets, frame, pause = set(), "x" * {size}, 1.0
async def beat():
    due = time.monotonic()
    while True:
        due += pause
        await asyncio.sleep(max(due - time.monotonic(), 0))
        text = '{{"type":"delta","sent":%d,"pad":"' % (time.time() * 1000) + frame + '"}}'
        for send in list(sockets):
            await send({{"type": "websocket.send", "text": text}})
task = None
async def app(scope, receive, send):
    global task
    task = task or asyncio.ensure_future(beat())
    await receive()
    await send({{"type": "websocket.accept"}})
    sockets.add(send)
    while (await receive())["type"] != "websocket.disconnect":
        pass
    sockets.discard(send)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run took."""

    name: str
    cores: float
    kib_a_socket: float
    bytes_a_frame: float
    latencies_ms: Sequence[float]
    expected: int
    seconds: float

    def percentile(self, percent: int) -> float:
        """Milliseconds from publishing to the browser."""
        return statistics.quantiles(self.latencies_ms, n=100)[percent - 1]

    @property
    def share(self) -> float:
        """Frames that came, of those that should have."""
        return len(self.latencies_ms) / self.expected

    def row(self) -> list[object]:
        """One line of the table."""
        micros = self.cores * 1e6 / max(self.expected / self.seconds, 1)
        return [
            self.name,
            f"{self.cores:.1%}",
            f"{micros:.0f}",
            f"{self.percentile(50):.0f}",
            f"{self.percentile(99):.0f}",
            f"{self.share:.1%}",
            f"{self.bytes_a_frame:.0f}",
            f"{self.kib_a_socket:.1f}",
        ]


class Bench:
    """The folder, the environment and the processes of a run."""

    def __init__(self, stack: ExitStack, options: argparse.Namespace) -> None:
        """Start Redis and make a database with people who are signed in."""
        self.stack, self.options = stack, options
        self.folder = Path(tempfile.mkdtemp(prefix="dce-bench-"))
        stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("DCE_", "DJANGO_"))}
        self.redis_url = f"unix://{self.folder}/redis.sock"
        self.environ = kept | {
            "DCE_DATA": str(self.folder / "var"),
            "DCE_REDIS_URL": self.redis_url,
            "DJANGO_SETTINGS_MODULE": "dce_portal.settings.base",
        }
        self._start_redis()
        self._seed()

    def _start_redis(self) -> None:
        program = find_program("redis-server") or "redis-server"
        socket = self.folder / "redis.sock"
        command = [program, "--port", "0", "--unixsocket", str(socket), "--save", ""]
        self.spawn(command, stdout=subprocess.DEVNULL)
        wait_until(socket.exists, what="Redis to listen", timeout_s=20)

    def _seed(self) -> None:
        for name in ("secrets", "static", "run", "log"):
            (self.folder / "var" / name).mkdir(parents=True, exist_ok=True)
        secret = self.folder / "var" / "secrets" / "django-secret-key"
        secret.write_text("not-a-secret-" + "x" * 50)
        self._manage("migrate", "-v", "0")
        path = self.folder / "seeded.json"
        each = -(-self.options.sockets // PEOPLE)
        self._manage(
            "shell", "-v", "0", "-c", SEED.format(people=PEOPLE, each=each, path=str(path))
        )
        seeded = json.loads(path.read_text())
        self.topic, self.keys = f"cluster:{seeded['cluster']}", seeded["keys"]

    def _manage(self, *arguments: str) -> None:
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=CHECKOUT, env=self.environ, check=True)

    def spawn(self, command: Sequence[str], **options: object) -> subprocess.Popen[bytes]:
        """Start a process that ends with the run."""
        process = subprocess.Popen(command, cwd=CHECKOUT, env=self.environ, **options)  # type: ignore[call-overload]
        self.stack.callback(end, process)
        return process

    def server(self, application: str, name: str) -> tuple[subprocess.Popen[bytes], Path]:
        """Uvicorn with the launcher's own arguments and this application."""
        socket = self.folder / f"{name}.sock"
        log = self.stack.enter_context((self.folder / f"{name}.log").open("wb"))
        process = self.spawn(stream_command(socket, application), stdout=log, stderr=log)
        wait_until(socket.exists, what=f"{name} to listen", timeout_s=START_TIMEOUT_S)
        return process, socket

    def clients(self, socket: Path, *, is_peer: bool) -> Clients:
        """Browsers in processes of their own."""
        return Clients(self, socket, is_peer=is_peer)


def stream_command(socket: Path, application: str) -> list[str]:
    """As supervisord starts the stream process, with another socket."""
    source = (
        "from dce_portal import configuration; from dce_portal.launcher import programs as p;"
        "from types import SimpleNamespace as N; c = configuration.read();"
        f"print(p._stream_command(c, N(python={sys.executable!r}, run='RUN')))"
    )
    made = subprocess.run(
        [sys.executable, "-c", source], cwd=CHECKOUT, check=True, stdout=subprocess.PIPE, text=True
    )
    command = made.stdout.strip().replace("RUN/stream.sock", str(socket))
    return shlex.split(command.replace("dce_portal.asgi:application", application))


class Clients:
    """A thousand browsers."""

    def __init__(self, bench: Bench, socket: Path, *, is_peer: bool) -> None:
        """Start the processes; they connect one after the other."""
        keys = bench.keys[: bench.options.sockets]
        self.processes = []
        for number in range(CLIENTS):
            path = bench.folder / f"keys-{number}.json"
            path.write_text(json.dumps(keys[number::CLIENTS]))
            topic = "" if is_peer else bench.topic
            command = [
                sys.executable,
                "-m",
                BROWSERS,
                "browse",
                str(socket),
                topic,
                str(path),
            ]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            self.processes.append(bench.spawn(command, **pipes))

    def wait_connected(self) -> None:
        """Until every browser has its snapshot."""
        for process in self.processes:
            if self._line(process) != "ready":
                raise SystemExit("Not every browser was let in.")

    def measured(self, seconds: float) -> tuple[list[float], float]:
        """Latencies in milliseconds and bytes a frame of the next so many seconds."""
        for process in self.processes:
            process.stdin.write(f"{seconds}\n".encode())
            process.stdin.flush()
        told = [json.loads(self._line(process)) for process in self.processes]
        latencies = [one for part in told for one in part["latencies_ms"]]
        return latencies, sum(part["bytes"] for part in told) / max(len(latencies), 1)

    def _line(self, process: subprocess.Popen[bytes]) -> str:
        return process.stdout.readline().decode().strip()


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask for the end, and insist."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def measured(bench: Bench, name: str, application: str) -> Cost:
    """Connect everybody, let it settle, count for a while."""
    server, socket = bench.server(application, name.replace(" ", "-"))
    process = psutil.Process(server.pid)
    warm_up(bench, socket, is_peer=name != "stream")
    before_kib = process.memory_info().rss / 1024
    clients = bench.clients(socket, is_peer=name != "stream")
    clients.wait_connected()
    time.sleep(SETTLE_S)
    grown_kib = process.memory_info().rss / 1024 - before_kib
    sockets, seconds = bench.options.sockets, bench.options.seconds
    began_s, used_s = time.monotonic(), cpu_s(process)
    latencies, size = clients.measured(seconds)
    cores = (cpu_s(process) - used_s) / (time.monotonic() - began_s)
    for client in clients.processes:
        end(client)
    end(server)
    return Cost(
        name,
        cores=cores,
        kib_a_socket=grown_kib / sockets,
        bytes_a_frame=size,
        latencies_ms=latencies,
        expected=int(sockets * seconds),
        seconds=seconds,
    )


def warm_up(bench: Bench, socket: Path, *, is_peer: bool) -> None:
    """A few browsers that come and go: what is loaded once is no socket's memory."""
    path = bench.folder / "warm.json"
    path.write_text(json.dumps(bench.keys[:5]))
    topic = "" if is_peer else bench.topic
    command = [sys.executable, "-m", BROWSERS, "browse", str(socket), topic, str(path)]
    process = bench.spawn(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    process.stdin.write(b"2\n")
    process.stdin.flush()
    process.stdout.readline()
    end(process)


def cpu_s(process: psutil.Process) -> float:
    """Processor time that it has used."""
    return sum(process.cpu_times()[:2])


@contextmanager
def publishing(bench: Bench) -> Iterator[None]:
    """A frame each second from a process of its own."""
    command = [sys.executable, "-m", BROWSERS, "publish", bench.topic, str(bench.options.nodes)]
    process = bench.spawn(command)
    try:
        yield
    finally:
        end(process)


def peer_of(bench: Bench, size: int) -> str:
    """The bare broadcast as a module in the run's folder."""
    (bench.folder / "bare.py").write_text(PEER.format(size=size))
    bench.environ["PYTHONPATH"] = str(bench.folder)
    return "bare:app"


def main() -> int:
    """Run both and print them."""
    raise_limit()
    options = _options()
    with ExitStack() as stack:
        bench = Bench(stack, options)
        with publishing(bench):
            own = measured(bench, "stream", "dce_portal.asgi:application")
        peer = measured(bench, "bare broadcast", peer_of(bench, int(own.bytes_a_frame) - 50))
    head = ["", "core", "µs a frame", "p50 ms", "p99 ms", "came", "bytes", "KiB a socket"]
    title = f"{options.sockets} browsers, one frame a second"
    table(title, head, [own.row(), peer.row()])
    print(f"ratio: {own.cores / peer.cores:.2f} × the processor time of the bare broadcast")
    is_met = own.cores <= CPU_GOAL and own.percentile(99) <= P99_GOAL_MS
    is_met = is_met and own.kib_a_socket <= MEMORY_GOAL_KIB
    goal = f"{CPU_GOAL:.0%} of a core, p99 {P99_GOAL_MS} ms, {MEMORY_GOAL_KIB} KiB a socket"
    print(f"goal ({goal}):", "met" if is_met else "not met")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A thousand browsers on the live line.")
    parser.add_argument("--sockets", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--nodes", type=int, default=100)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

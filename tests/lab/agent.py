"""The node's agent beside a lab's engine, inside that engine's namespaces as on a host of its own."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .api import EngineApi
from .engine import Engine
from .host import HostProcess, LabError, spawn, wait_until

SOURCE = Path(__file__).resolve().parents[2] / "agent"
START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 10


class Agent:
    """A running agent."""

    def __init__(self, *, process: HostProcess, socket: Path) -> None:
        """Know its process on this machine, and where it answers."""
        self.process = process
        self._api = EngineApi(socket)

    def samples(self, since: str = "", *, watch: bool = False) -> dict[str, Any]:
        """What it has that is new."""
        return dict(self._api.get("/dce/v1/samples", since=since, watch=int(watch)))

    def health(self) -> dict[str, Any]:
        """What it says of itself."""
        return dict(self._api.get("/dce/v1/health"))


@contextmanager
def running_agent(engine: Engine) -> Iterator[Agent]:
    """Run an agent beside an engine until the block ends."""
    socket, log = engine.folder / "agent.sock", engine.folder / "agent.log"
    socket.unlink(missing_ok=True)
    entered = spawn(_command(engine, socket), log=log)
    try:
        wait_until(
            socket.exists, what=f"the agent to listen (see {log})", timeout_s=START_TIMEOUT_S
        )
        agent = Agent(process=_only_child(entered), socket=socket)
        yield agent
    finally:
        for process in entered.children():
            process.signal(signal.SIGTERM)
        if not entered.wait(timeout_s=STOP_TIMEOUT_S):
            entered.signal(signal.SIGKILL)


def _command(engine: Engine, socket: Path) -> tuple[str, ...]:
    holder = engine.process
    if holder is None:
        raise LabError(f"{engine.hostname} does not run.")
    agent = (sys.executable, "-m", "dce_agent", "--engine", engine.url)
    inside = ("nsenter", "--target", str(_only_child(holder).pid), "--all")
    return (*inside, "env", f"PYTHONPATH={SOURCE}", *agent, "--listen", f"unix://{socket}")


def _only_child(process: HostProcess) -> HostProcess:
    """The program that `unshare` or `nsenter` has started and waits for."""
    children = process.children()
    if len(children) != 1:
        raise LabError(f"Process {process.pid} has {len(children)} children instead of one.")
    return children[0]

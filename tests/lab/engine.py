"""One real Docker engine in namespaces of its own: start it, kill it, freeze it, cut it off."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import network
from .api import EngineApi
from .certificates import Authority, TlsFiles
from .host import HostProcess, LabError, spawn, wait_until
from .naming import API_PORT, Slot
from .slots import Claim, end

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30
LONGEST_SOCKET_BYTES = 107
LOG_LINES_SHOWN = 5

# A /run of its own, so that the engine never meets this machine's containerd, nor its own earlier
# process numbers after a kill, just as a host forgets them at boot; and an /etc/docker of its own,
# where 20.10 keeps the key behind its ID. Mounts are shared inside, as on a host with systemd:
# a container that binds / as rslave asks for it.
PREPARE = """
mount --make-rshared /
mount --bind "$1" /etc/docker
mount -t tmpfs -o mode=755 tmpfs /run
echo "$2" >/proc/sys/kernel/hostname
shift 2
exec "$@"
"""
NEW_NAMESPACES = ("--uts", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """How a lab's engines are started."""

    tls: bool = False
    """Also listen on TCP with mutual TLS. (On TCP without, 20.10 delays its start by 15 s.)"""
    shared_identity: bool = False
    """Let all engines use one key and so report one ID, as cloned machines do."""
    insecure_registries: tuple[str, ...] = ()
    """Registries spoken to without TLS, beside any on the lab's own network."""
    flags: tuple[str, ...] = ()
    """Further flags of dockerd."""

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> EngineOptions:
        """Read what a state file kept, where tuples have become lists."""
        values: dict[str, Any] = dict(record)
        for name in ("insecure_registries", "flags"):
            values[name] = tuple(values[name])
        return cls(**values)


class Engine:
    """An engine of a lab. Its data stays when it is killed, and goes with the lab."""

    def __init__(self, index: int, *, claim: Claim, options: EngineOptions) -> None:
        """Describe engine ``index``; ``launch`` starts it."""
        self._claim = claim
        self.slot: Slot = claim.slot
        self.name = claim.slot.engine(index)
        self.index = index
        self.options = options
        self.folder = claim.folder / self.name.hostname
        if len(bytes(self.socket)) > LONGEST_SOCKET_BYTES:
            raise LabError(
                f"{self.socket} is too long for a unix socket: choose a shorter DCE_LAB_DIR."
            )

    @property
    def hostname(self) -> str:
        """The node's name in the Swarm."""
        return self.name.hostname

    @property
    def address(self) -> str:
        """Its address on the lab's network."""
        return self.name.address

    @property
    def socket(self) -> Path:
        """Its unix socket, which answers whether or not the engine is cut off the network."""
        return self.folder / "docker.sock"

    @property
    def url(self) -> str:
        """Its address as DOCKER_HOST takes it."""
        return f"unix://{self.socket}"

    @property
    def tls_url(self) -> str:
        """Its TLS listener's address, where the options ask for one."""
        return f"tcp://{self.address}:{API_PORT}"

    @property
    def api(self) -> EngineApi:
        """Calls to its API."""
        return EngineApi(self.socket)

    @property
    def process(self) -> HostProcess | None:
        """The process that holds the engine's namespaces, while it lives."""
        process = self._claim.record.processes.get(self.hostname)
        return process if process and process.alive else None

    @property
    def running(self) -> bool:
        """Whether the engine's process is there, frozen or not."""
        return self.process is not None

    def launch(self) -> None:
        """Start the engine without waiting for it; nothing happens where it runs."""
        if self.running:
            return
        for folder in (self.folder, self._etc, Path("/etc/docker")):
            folder.mkdir(mode=0o700, exist_ok=True)
        self.socket.unlink(missing_ok=True)
        command = (*self._enter(), str(self._etc), self.hostname, *self._dockerd())
        process = spawn(command, log=self.log)
        self._claim.record.processes[self.hostname] = process
        self._claim.save()

    def wait_ready(self) -> None:
        """Return once the engine answers; an engine that ended says its last words."""
        wait_until(
            self._answers,
            what=f"{self.hostname} to answer (see {self.log})",
            timeout_s=START_TIMEOUT_S,
        )

    def start(self) -> None:
        """Start the engine and wait until it answers."""
        self.launch()
        self.wait_ready()

    def kill(self) -> None:
        """End engine and containers at once, as a loss of power does."""
        if process := self.process:
            end(process)

    def stop(self) -> None:
        """Ask the engine to end, as a shutdown does, and wait for it."""
        process = self.process
        if process is None:
            return
        self._signal(signal.SIGTERM)
        if not process.wait(timeout_s=STOP_TIMEOUT_S):
            raise LabError(
                f"{self.hostname} did not end within {STOP_TIMEOUT_S} s: see {self.log}."
            )

    def freeze(self) -> None:
        """Make the engine hang: it takes connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen engine go on."""
        self._signal(signal.SIGCONT)

    def cut(self) -> None:
        """Take the engine off the network; its unix socket still answers."""
        network.set_connected(self.slot, self.name, connected=False)

    def heal(self) -> None:
        """Put the engine back on the network."""
        network.set_connected(self.slot, self.name, connected=True)

    def info(self) -> dict[str, Any]:
        """What the engine says of itself."""
        return dict(self.api.get("/info"))

    @property
    def log(self) -> Path:
        """What dockerd has printed."""
        return self.folder / "log"

    def client_files(self) -> TlsFiles:
        """Files of a client that the engine's TLS listener lets in."""
        return self._authority().issue("client")

    @property
    def _etc(self) -> Path:
        shared = self.options.shared_identity
        return self._claim.folder / "etc-shared" if shared else self.folder / "etc"

    def _signal(self, number: signal.Signals) -> None:
        process = self.process
        for dockerd in process.children() if process else ():
            dockerd.signal(number)

    def _answers(self) -> bool:
        if not self.running:
            last = "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:])
            raise LabError(f"{self.hostname} ended while it started:\n{last}")
        return self.socket.exists() and self.api.answers()

    def _authority(self) -> Authority:
        return Authority(self._claim.folder / "tls")

    def _enter(self) -> tuple[str, ...]:
        # "ip netns exec" would mount /sys anew and hide the control groups from dockerd.
        namespace = network.NAMESPACES / self.name.namespace
        unshare = ("unshare", *NEW_NAMESPACES, "--propagation", "private")
        return ("nsenter", f"--net={namespace}", *unshare, "sh", "-ec", PREPARE, "sh")

    def _dockerd(self) -> tuple[str, ...]:
        registries = (self.slot.network, *self.options.insecure_registries)
        return (
            "dockerd",
            f"--data-root={self.folder / 'data'}",
            f"--host={self.url}",
            "--exec-opt=native.cgroupdriver=cgroupfs",
            f"--cgroup-parent={self.name.cgroup}",
            f"--label=lab.engine={self.index}",
            *(f"--insecure-registry={registry}" for registry in registries),
            *(self._tls_flags() if self.options.tls else ()),
            *self.options.flags,
        )

    def _tls_flags(self) -> tuple[str, ...]:
        files = self._authority().issue(self.hostname, self.address, self.hostname)
        return (
            f"--host={self.tls_url}",
            "--tlsverify",
            f"--tlscacert={files.ca}",
            f"--tlscert={files.certificate}",
            f"--tlskey={files.key}",
        )

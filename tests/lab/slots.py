"""Who has which slot: a lock while a lab's owner lives, and a record of all it made.

The record is written before the thing is made. A run that dies, however hard, thus
leaves a record behind without a lock, and the next start removes what it names.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from . import network
from .host import HostProcess, LabError
from .naming import SLOTS, Slot

FOLDER_VARIABLE = "DCE_LAB_DIR"
# Not the temporary folder: whoever else may write there could put a link in root's way.
DEFAULT_FOLDER = Path("/var/lib/dce-lab")
CGROUPS = Path("/sys/fs/cgroup")
END_TIMEOUT_S = 20


@dataclass(slots=True)
class Record:
    """What a lab has put on this machine, as its state file names it."""

    boot_id: str
    kept: bool = False
    namespaces: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    cgroups: list[str] = field(default_factory=list)
    processes: dict[str, HostProcess] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Read a state file's text."""
        values = json.loads(text)
        values["processes"] = {k: HostProcess(**v) for k, v in values["processes"].items()}
        return cls(**values)

    def to_json(self) -> str:
        """The state file's text."""
        return json.dumps(asdict(self), indent=1)


class Claim:
    """A slot that this process has for itself until it lets go or dies."""

    def __init__(self, slot: Slot, *, root: Path, lock: int) -> None:
        """Take over the open lock; ``claim`` is the way to get one."""
        self.slot = slot
        self.folder = root / str(slot.number)
        self._lock = lock
        self.record = self._read() or Record(boot_id=boot_id())

    @property
    def _state(self) -> Path:
        return self.folder / "state.json"

    def _read(self) -> Record | None:
        try:
            return Record.from_json(self._state.read_text())
        except FileNotFoundError:
            return None

    @property
    def in_use(self) -> bool:
        """Whether a record lies there, of a lab that stands or of one whose run died."""
        return self._state.exists()

    def save(self) -> None:
        """Write the record whole or not at all."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._state.with_suffix(".draft")
        draft.write_text(self.record.to_json())
        draft.replace(self._state)

    def sweep(self) -> None:
        """End and remove everything that the record names, then the record."""
        for process in self.record.processes.values() if self._same_boot() else ():
            end(process)
        for namespace in self.record.namespaces:
            # One that a run started and died before it could write it down.
            for process in network.processes(namespace):
                end(process)
        network.remove(self.record.namespaces, self.record.links)
        for cgroup in self.record.cgroups:
            _remove_cgroups(cgroup)
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.record = Record(boot_id=boot_id())

    def release(self) -> None:
        """Let others have the slot; what stands in it stays."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _same_boot(self) -> bool:
        return self.record.boot_id == boot_id()


def claim() -> Claim:
    """Sweep what dead runs left, then take the first slot that nobody has."""
    sweep_abandoned()
    for taken in _lockable():
        if not taken.in_use and not network.is_taken(taken.slot):
            return taken
        taken.release()
    raise LabError(f"All {SLOTS} places for a lab are taken: wait for another run to end.")


def sweep_abandoned() -> list[int]:
    """Remove labs whose run died and that nobody asked to keep; return their slots."""
    swept = []
    for abandoned in _lockable():
        if abandoned.in_use and not abandoned.record.kept:
            abandoned.sweep()
            swept.append(abandoned.slot.number)
        abandoned.release()
    return swept


def claim_kept() -> Claim | None:
    """Take the lab that a person keeps on this machine by hand, if there is one."""
    for kept in _lockable():
        if kept.in_use and kept.record.kept:
            return kept
        kept.release()
    return None


def end(process: HostProcess) -> None:
    """Kill an engine's namespace from its first process: the kernel ends all others within."""
    # The outer process waits for the inner, and the inner's end for all others: nothing is left.
    for victim in process.children() or [process]:
        victim.signal(signal.SIGKILL)
    if not process.wait(timeout_s=END_TIMEOUT_S):
        raise LabError(f"Process {process.pid} of a lab did not end within {END_TIMEOUT_S} s.")


def folder() -> Path:
    """Where locks, records and the engines' data lie."""
    return Path(os.environ.get(FOLDER_VARIABLE) or DEFAULT_FOLDER)


def boot_id() -> str:
    """Which run of the machine this is; process numbers mean nothing across two."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _lockable() -> Iterator[Claim]:
    root = folder()
    root.mkdir(mode=0o711, parents=True, exist_ok=True)
    for number in range(SLOTS):
        lock = os.open(root / f"{number}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        yield Claim(Slot(number), root=root, lock=lock)


def _remove_cgroups(name: str) -> None:
    """Remove a control group from each hierarchy (v1), or from the one (v2), children first."""
    for top in (CGROUPS, *(entry for entry in CGROUPS.iterdir() if entry.is_dir())):
        group = top / name.lstrip("/")
        for folder, _, _ in os.walk(group, topdown=False):
            with contextlib.suppress(
                OSError
            ):  # a process on its way out; an empty group harms nobody
                Path(folder).rmdir()

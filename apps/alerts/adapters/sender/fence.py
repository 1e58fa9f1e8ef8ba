"""What a sender may touch: public addresses, and no file but Python's own.

Libraries that reach a hundred services can be talked into much by an address: files to attach, programs on
this machine, the portal's own sockets. Python tells an audit hook of each such step before it is taken, and
a hook cannot be removed. Addresses are judged when they are connected to, so that a name which resolves
differently the second time gains nothing.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dce_portal.addresses import is_allowed

STARTING = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty")
REACHING = ("socket.connect", "socket.sendto", "socket.sendmsg")
READABLE = (
    "/etc/mime.types",
    "/usr/share/zoneinfo/",
    "/etc/localtime",
    "/dev/null",
    "/dev/urandom",
)


class FenceError(PermissionError):
    """A step over the fence."""


@dataclass(slots=True)
class Fence:
    """The hook. `refused` keeps the address that was not allowed, for the words."""

    allow_private: bool
    folders: tuple[str, ...] = ()
    refused: str = ""

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Raise before anything that is not allowed; Python calls this for every audited step."""
        if event in REACHING:
            self._judge_address(arguments[1])
        elif event == "open":
            self._judge_file(arguments[0], arguments[1], arguments[2])
        elif event in STARTING:
            raise FenceError(f"{event} is not for a message")

    def _judge_address(self, address: object) -> None:
        if not is_allowed(address, allow_private=self.allow_private):
            self.refused = str(address[0]) if isinstance(address, tuple) else "a socket"
            raise FenceError(f"{self.refused} is closed to messages")

    def _judge_file(self, path: object, mode: object, flags: object) -> None:
        if isinstance(path, int):
            return
        name = os.path.realpath(os.fsdecode(path))  # type: ignore[arg-type]  # open() takes nothing else
        writes = isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))
        if (writes and name != "/dev/null") or not name.startswith((*self.folders, *READABLE)):
            raise FenceError("a message has no use for this file")


def raise_fence(*, allow_private: bool) -> Fence:
    """Put it up around this process, for good."""
    prefixes = {sys.prefix, sys.base_prefix, str(Path(os.__file__).parent)}
    folders = tuple(os.path.realpath(prefix) + os.sep for prefix in prefixes)
    fence = Fence(allow_private=allow_private, folders=folders)
    sys.addaudithook(fence)
    return fence

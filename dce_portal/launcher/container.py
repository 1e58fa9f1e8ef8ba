"""``python -m dce_portal.launcher.container``: what a container of the controller image starts with.

It begins as root, gives the data folder to an unprivileged user, and becomes that user before
anything of the portal runs. The Docker socket's group is the one thing that it takes along.
"""

from __future__ import annotations

import os
import pwd
import sys
from pathlib import Path

from dce_portal.launcher import __main__ as launcher
from dce_portal.paths import Paths

USER = "dce"
ENGINE_SOCKET = Path("/var/run/docker.sock")


def main(arguments: list[str]) -> int:
    """Carry out a launcher's command as the unprivileged user."""
    if os.geteuid() == 0:
        become(pwd.getpwnam(USER), data=Paths.from_environment().data)
    return launcher.main(arguments)


def become(user: pwd.struct_passwd, *, data: Path) -> None:
    """Hand over the data folder once, then drop every right but the socket's group."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if data.stat().st_uid != user.pw_uid:
        hand_over(data, user)
    os.setgroups(groups_of_socket(ENGINE_SOCKET))
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.environ["HOME"] = user.pw_dir


def hand_over(folder: Path, user: pwd.struct_passwd) -> None:
    """Give a folder with all that is in it to a user; a link is given, not what it points at."""
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.lchown(Path(root, name), user.pw_uid, user.pw_gid)
    # Last, so that an interrupted start hands over again.
    os.lchown(folder, user.pw_uid, user.pw_gid)


def groups_of_socket(socket: Path) -> list[int]:
    """The group that may ask this machine's engine, where its socket is mounted."""
    try:
        return [socket.stat().st_gid]
    except OSError:
        return []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Runs a program that hears nothing of the machine's network: ``python deaf.py PROGRAM ARGUMENT…``.

Chromium gives up what it is loading (``ERR_NETWORK_CHANGED``) when an interface of the
machine comes or goes, and labs bring and take theirs while it works. The kernel tells
of them over netlink sockets (``rtnetlink(7)``), so the program is refused those by a
filter of its system calls (``seccomp(2)``); without one Chromium takes the network as
steady and goes on.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys

AF_NETLINK = 16
SOCKET_CALL = {"x86_64": 41, "aarch64": 198}
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
# Classic BPF: load a word, jump when equal, return; the words of struct seccomp_data.
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
CALL_AT, FIRST_ARGUMENT_AT = 0, 16
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EACCES


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def main() -> None:
    """Become the program."""
    hear_no_netlink()
    os.execv(sys.argv[1], sys.argv[1:])


def hear_no_netlink() -> None:
    """Refuse netlink sockets to this process and all that it starts.

    Raises:
        OSError: When the kernel has no such filters.
    """
    steps = _steps(SOCKET_CALL[platform.machine()])
    program = _Program(len(steps), b"".join(struct.pack("HBBI", *step) for step in steps))
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in (
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0),
    ):
        if libc.prctl(*arguments):
            raise OSError(ctypes.get_errno(), "The kernel takes no filter of system calls.")


def _steps(socket_call: int) -> list[tuple[int, int, int, int]]:
    """Refuse ``socket(AF_NETLINK, …)``, allow the rest; each is (code, if true, if false, value)."""
    return [
        (LOAD, 0, 0, CALL_AT),
        (JUMP_EQUAL, 0, 3, socket_call),
        (LOAD, 0, 0, FIRST_ARGUMENT_AT),
        (JUMP_EQUAL, 0, 1, AF_NETLINK),
        (RETURN, 0, 0, REFUSE),
        (RETURN, 0, 0, ALLOW),
    ]


if __name__ == "__main__":
    main()

"""What this machine lacks for a lab, in sentences that say what to do."""

from __future__ import annotations

import os
import subprocess

from tests.programs import missing_programs

# Program and the Debian package that has it.
PROGRAMS = {
    "dockerd": "docker.io",
    "iptables": "iptables",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "busybox": "busybox-static",
    "debootstrap": "debootstrap",
    "docker": "docker.io",
}
NAMESPACE_TRIAL = ("unshare", "--net", "--uts", "--mount", "--pid", "--fork", "true")


def missing() -> list[str]:
    """One sentence for each thing that is missing; nothing when a lab can be started."""
    lacks = missing_programs(PROGRAMS)
    if os.geteuid() != 0:
        lacks.append("it needs root, to make network namespaces: run the tests as root")
    elif not lacks and subprocess.run(NAMESPACE_TRIAL, capture_output=True).returncode:
        lacks.append(
            "root may not make namespaces here: in a container, start it with --privileged"
        )
    return lacks

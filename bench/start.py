"""From `make run` on an installed checkout to a served login page, the first time and the second."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from bench.stand import table
from tests.plugins.portal import CHECKOUT, answers, end, free_port, portal_environ

GOAL_S = 10.0
GIVE_UP_AFTER_S = 120


def start_s(data: Path) -> float:
    """Start, wait for the page, end."""
    port = free_port()
    environ = portal_environ(data=data, port=port)
    begun = time.monotonic()
    process = subprocess.Popen(
        ["make", "-s", "run"],
        cwd=CHECKOUT,
        env=environ,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        while not answers(f"http://127.0.0.1:{port}/admin/login/"):
            if process.poll() is not None or time.monotonic() - begun > GIVE_UP_AFTER_S:
                raise SystemExit("`make run` served no login page.")
            time.sleep(0.05)
        return time.monotonic() - begun
    finally:
        if process.poll() is None:
            # As Ctrl-C does: to make and to what it became.
            os.killpg(process.pid, signal.SIGINT)
        end(process)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="dce-bench-") as folder:
        rows = [(name, f"{start_s(Path(folder) / 'var'):.1f}") for name in ("first", "second")]
    table(f"Goal: {GOAL_S:g} s", ("`make run` to the login page", "seconds"), rows)


if __name__ == "__main__":
    main()

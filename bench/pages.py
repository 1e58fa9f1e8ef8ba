"""The dashboard and right-sizing of a large cluster, beside an empty page in the same frame and a bare answer.

1,000 nodes and 30,000 containers in rows (`tests/e2e/fleet.py`); a signed-in person asks one
page after the other through nginx.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from bench.stand import portal, table
from tests.e2e.site import Site, plain_session
from tests.plugins.portal import CHECKOUT, portal_environ

NODES, CONTAINERS = (int(n) for n in os.environ.get("BENCH_FLEET", "1000,30000").split(","))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "60"))
WARM_UP = 5
GOAL_MS = 150

PAGES = {
    "bare Django answer (/livez)": "/livez",
    "empty list in the frame": "/admin/registry/namespace/",
    "dashboard": "/admin/",
    "dashboard, by memory": "/admin/?heat=memory&by=memory",
    "dashboard, by network": "/admin/?by=network",
    "kiosk": "/admin/?kiosk=1",
    "busiest alone, by memory": "/admin/busiest/?by=memory",
    "right-sizing": "/admin/metrics/servicesizing/",
    "right-sizing, the worst first": "/admin/metrics/servicesizing/?order=verdict&page=9",
}


def fill(site: Site) -> None:
    """Make the cluster."""
    environ = portal_environ(data=site.portal.data, port=site.portal.port)
    environ["DJANGO_SETTINGS_MODULE"] = "dce_portal.settings.base"
    command = [sys.executable, "-m", "tests.e2e.fleet", str(NODES), str(CONTAINERS)]
    subprocess.run(command, env=environ, cwd=CHECKOUT, check=True, stdout=subprocess.DEVNULL)


def reader(site: Site) -> Callable[[str], tuple[float, int]]:
    """Reads a page as a viewer; gives milliseconds and bytes."""
    session = plain_session()
    session.cookies["dce_session"] = site.sign_in("bob")

    def read(address: str) -> tuple[float, int]:
        begun = time.perf_counter()
        answer = session.get(f"{site.base_url}{address}", timeout=60)
        took_ms = 1000 * (time.perf_counter() - begun)
        assert answer.status_code == 200, (address, answer.status_code, answer.url)
        return took_ms, len(answer.content)

    return read


def measure(read: Callable[[str], tuple[float, int]], address: str) -> tuple[float, float, int]:
    """Median and 95th percentile in milliseconds, and the page's size."""
    for _ in range(WARM_UP):
        read(address)
    found = [read(address) for _ in range(ROUNDS)]
    times = sorted(took for took, _size in found)
    return statistics.median(times), times[int(0.95 * len(times))], found[0][1]


def main() -> None:
    """Measure all and print them."""
    with portal() as site:
        fill(site)
        read = reader(site)
        rows = [(name, *measure(read, address)) for name, address in PAGES.items()]
    shown = [
        (name, f"{p50:.0f}", f"{p95:.0f}", f"{size / 1024:.0f}") for name, p50, p95, size in rows
    ]
    table(
        f"{NODES:,} nodes, {CONTAINERS:,} containers. Goal: p95 at most {GOAL_MS} ms",
        ("page", "p50 ms", "p95 ms", "KiB"),
        shown,
    )


if __name__ == "__main__":
    main()

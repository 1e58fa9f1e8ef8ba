"""The token endpoint under 32 connections, beside a registry that checks htpasswd (bcrypt cost 5).

The limit is what the same nginx and granian do with an application that does nothing; docker_auth's
default (RS256, bcrypt 5) was measured at about 385 requests/s on a machine of this size.
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

from bench.limit import bare_limit
from bench.stand import PEER_PASSWORD, PEER_USER, bare_registry, family, get, portal, table
from tests.e2e.site import Site
from tests.plugins.portal import PASSWORD

CONNECTIONS = 32
SECONDS = 8
WARM_UP_REQUESTS = 20
GOAL = 4.0
GOAL_P99_MS = 50.0
UNITS_IN_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True, slots=True)
class Load:
    """What a row of the table asks for."""

    name: str
    url: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Figures:
    """What wrk measured."""

    requests_per_s: float
    p50_ms: float
    p99_ms: float
    errors: int
    requests: int = 0
    cpu_ms: float = float("nan")


def measured_with_cpu(load: Load, cpu_s: Callable[[], float]) -> Figures:
    """As below, with the processor time that each request took of the processes behind."""
    before = cpu_s()
    figures = measure(load)
    return replace(figures, cpu_ms=(cpu_s() - before) * 1000 / max(figures.requests, 1))


def web_cpu_s(site: Site) -> float:
    """Processor time of the web process with all its workers."""
    return sum(_cpu_s(pid) for pid in family(site.process_ids()["web"]))


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(load: Load) -> Figures:
    """Load one address for a few seconds, once it answers well."""
    for _ in range(WARM_UP_REQUESTS):
        status = get(load.url, load.headers)
        if status != 200:
            raise SystemExit(f"{load.name}: answered {status} instead of 200.")
    headers = [part for pair in load.headers.items() for part in ("-H", ": ".join(pair))]
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency", *headers, load.url]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return read(printed)


def read(printed: str) -> Figures:
    """Wrk's own words as numbers."""
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", printed)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", printed)
    done = re.search(r"^\s+(\d+) requests in", printed, re.MULTILINE)
    if rate is None or done is None:
        raise SystemExit(f"wrk said something unexpected:\n{printed}")
    return Figures(
        requests_per_s=float(rate[1]),
        p50_ms=_percentile(printed, 50),
        p99_ms=_percentile(printed, 99),
        errors=int(bad[1]) if bad else 0,
        requests=int(done[1]),
    )


def _percentile(printed: str, percent: int) -> float:
    found = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s)$", printed, re.MULTILINE)
    return float(found[1]) * UNITS_IN_MS[found[2]] if found else float("nan")


def basic(username: str, secret: str) -> dict[str, str]:
    """The header that clients send."""
    pair = base64.b64encode(f"{username}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def token_loads(site: Site) -> list[Load]:
    """Three kinds of callers."""

    def url(scope: str) -> str:
        return (
            f"{site.base_url}/auth/token?{urlencode({'service': 'dce-registry', 'scope': scope})}"
        )

    private, public = "repository:team/app:pull,push", "repository:public/app:pull"
    return [
        Load("portal: personal token", url(private), basic("alice", site.tokens["alice"])),
        Load("portal: password, remembered", url(private), basic("alice", PASSWORD)),
        Load("portal: anonymous", url(public), {}),
    ]


def main() -> None:
    """Measure the peer, then the portal, and print both."""
    with bare_registry(with_htpasswd=True) as peer:
        load = Load("registry with htpasswd", f"{peer}/v2/", basic(PEER_USER, PEER_PASSWORD))
        base = measure(load)
    rows = [_row(load.name, base, base)]
    with portal() as site:
        for one in token_loads(site):
            figures = measured_with_cpu(one, lambda: web_cpu_s(site))
            rows.append(_row(one.name, figures, base))
        with bare_limit(site) as url:
            limit = measure(Load("limit: nginx, granian, no work", url, {}))
    rows.append(_row("limit: nginx, granian, no work", limit, base))
    head = ("32 connections", "requests/s", "× peer", "p50 ms", "p99 ms", "CPU ms", "errors")
    table(f"Goal: {GOAL:g} × the peer, p99 ≤ {GOAL_P99_MS:g} ms with a token", head, rows)


def _row(name: str, figures: Figures, base: Figures) -> tuple[str, ...]:
    return (
        name,
        f"{figures.requests_per_s:,.0f}",
        f"{figures.requests_per_s / base.requests_per_s:.2f}",
        f"{figures.p50_ms:.1f}",
        f"{figures.p99_ms:.1f}",
        f"{figures.cpu_ms:.2f}" if figures.cpu_ms == figures.cpu_ms else "",
        str(figures.errors),
    )


if __name__ == "__main__":
    main()

"""The registry's lists and pages with a large catalogue, through nginx, as a superuser and as a member of some teams.

1,000 namespaces, 20,000 repositories, 200,000 tags and 2 million audit entries unless `--share`
says less. The rows are written by SQL: a registry with so much in it would take days to fill.
`--postgres URL` (postgresql://…, an empty database) takes the place of SQLite.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.stand import table
from tests.e2e.site import Site, plain_session, seeded
from tests.plugins.portal import CHECKOUT, portal_environ, started_portal

GOAL_MS = 150
WARM_UP = 3

PAGES = {
    "bare Django answer (/livez)": "/livez",
    "namespaces": "/admin/registry/namespace/",
    "namespaces, the largest first": "/admin/registry/namespace/?o=-5",
    "a namespace": "/admin/registry/namespace/{namespace}/change/",
    "repositories": "/admin/registry/repository/",
    "repositories, most pulled first": "/admin/registry/repository/?o=-6",
    "repositories of one namespace": "/admin/registry/repository/?namespace__id__exact={namespace}",
    "repositories, searched": "/admin/registry/repository/?q=app-12",
    "a repository": "/admin/registry/repository/{repository}/change/",
    "tags": "/admin/registry/tag/",
    "tags, page 90": "/admin/registry/tag/?p=90",
    "tags of one repository": "/admin/registry/tag/?repository__id__exact={repository}",
    "tags, searched": "/admin/registry/tag/?q=v3",
    "a tag": "/admin/registry/tag/{tag}/change/",
    "search by name": "/admin/registry/repository/search/?q=app-1234",
    "search by tag": "/admin/registry/repository/search/?q=v7",
    "search by name and tag": "/admin/registry/repository/search/?q=space-7/app-1:v3",
    "search by label": "/admin/registry/repository/search/?q=maintainer%3Dteam-12",
    "search by digest": "/admin/registry/repository/search/?q=sha256:{digest}",
    "search for nothing": "/admin/registry/repository/search/?q=zzzzzz",
    "grants": "/admin/registry/grant/",
    "API: repositories": "/api/v1/repositories/",
    "API: tags": "/api/v1/tags/",
    "API: search": "/api/v1/registry/search/?q=app-1234",
}
FOR_SUPERUSERS = {
    "registry storage": "/admin/registry/repository/storage/",
    "registry events": "/admin/registry/registryevent/",
    "audit": "/admin/accounts/auditevent/",
    "audit, denied alone": "/admin/accounts/auditevent/?result__exact=denied",
}


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked for on the command line."""

    share: float
    rounds: int
    postgres: str


def options() -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the full size, such as 0.1")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--postgres", default="", help="postgresql:// address of an empty database")
    return Options(**vars(parser.parse_args()))


@contextmanager
def portal(wanted: Options) -> Iterator[Site]:
    """A portal with no engine, on the database that was asked for."""
    with tempfile.TemporaryDirectory(prefix="dce-bench-") as folder:
        more = {"DCE_DOCKER_HOST": f"unix://{folder}/none.sock"}
        if wanted.postgres:
            more["DCE_DATABASE_URL"] = wanted.postgres
        with started_portal(Path(folder) / "var", **more) as running:
            site = seeded(running, **more)
            site.wait_healthy()
            fill(site, wanted)
            yield site


def fill(site: Site, wanted: Options) -> None:
    """Write the rows in a process of its own, with the portal's settings."""
    environ = portal_environ(data=site.portal.data, port=site.portal.port)
    environ["DJANGO_SETTINGS_MODULE"] = "dce_portal.settings.base"
    if wanted.postgres:
        environ["DCE_DATABASE_URL"] = wanted.postgres
    begun = time.monotonic()
    command = [sys.executable, "-m", "bench.catalogue_rows", str(wanted.share)]
    subprocess.run(command, env=environ, cwd=CHECKOUT, check=True)
    print(f"filled in {time.monotonic() - begun:.0f} s")


def reader(site: Site, person: str) -> Callable[[str], float]:
    """Reads a page as one person; gives milliseconds."""
    session = plain_session()
    session.cookies["dce_session"] = site.sign_in(person)

    def read(address: str) -> float:
        begun = time.perf_counter()
        answer = session.get(f"{site.base_url}{address}", timeout=120)
        took_ms = 1000 * (time.perf_counter() - begun)
        assert answer.status_code == 200, (address, answer.status_code, answer.url)
        return took_ms

    return read


def measure(read: Callable[[str], float], address: str, rounds: int) -> tuple[float, float]:
    """Median and 95th percentile in milliseconds."""
    for _ in range(WARM_UP):
        read(address)
    times = sorted(read(address) for _ in range(rounds))
    return statistics.median(times), times[min(len(times) - 1, int(0.95 * len(times)))]


def figures(
    read: Callable[[str], float], pages: Mapping[str, str], rounds: int
) -> Iterator[tuple[str, str, str, str]]:
    """One row a page."""
    # Of the rows that the member may see: the grants lie on every twentieth namespace.
    sample = {"namespace": 1020, "repository": 1019, "tag": 1018, "digest": "ab12cd"}
    for name, address in pages.items():
        p50, p95 = measure(read, address.format(**sample), rounds)
        yield name, f"{p50:.0f}", f"{p95:.0f}", "" if p95 <= GOAL_MS else "over"


def main() -> None:
    """Measure all and print them."""
    wanted = options()
    with portal(wanted) as site:
        everyone = list(figures(reader(site, "bob"), PAGES, wanted.rounds))
        root = {**PAGES, **FOR_SUPERUSERS}
        superuser = list(figures(reader(site, "admin"), root, wanted.rounds))
    head = ("page", "p50 ms", "p95 ms", "")
    goal = f"{wanted.share:.0%} of the full catalogue. Goal: p95 at most {GOAL_MS} ms"
    table(f"A member of some teams. {goal}", head, everyone)
    table(f"A superuser. {goal}", head, superuser)


if __name__ == "__main__":
    main()

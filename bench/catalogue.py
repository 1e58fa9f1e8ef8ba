"""The registry's lists and pages with a large catalogue, as a superuser and as a member of some teams.

Django answers in this process, with the portal's own settings and middleware; nginx and the
socket, which cost a millisecond or two, are left out, so that queries can be counted too.

1,000 namespaces, 20,000 repositories, 200,000 tags and 2 million audit entries unless `--share`
says less. The rows are written by SQL: a registry with so much in it would take days to fill.
`--postgres URL` (postgresql://…, an empty database) takes the place of SQLite.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import django
from django.core.management import call_command

from bench.catalogue_rows import fill
from bench.stand import table
from dce_portal.launcher.keys import make_keys

Reader = Callable[[str], tuple[float, float]]

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
    "tags, page 3": "/admin/registry/tag/?p=3",
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
    "tags, page 60": "/admin/registry/tag/?p=60",
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


def prepare(wanted: Options, folder: Path) -> None:
    """A database with people and a large catalogue, in a data folder of its own."""
    os.environ["DCE_DATA"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "dce_portal.settings.base"
    if wanted.postgres:
        os.environ["DCE_DATABASE_URL"] = wanted.postgres
    (folder / "secrets").mkdir(mode=0o700)
    (folder / "static").mkdir()
    make_keys(folder / "secrets")
    django.setup()
    call_command("migrate", verbosity=0)
    begun = time.monotonic()
    make_people()
    fill(wanted.share)
    print(f"filled in {time.monotonic() - begun:.0f} s")


def make_people() -> None:
    """A superuser, and a viewer to whom the rows give some roles."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group

    people = get_user_model().objects
    people.create(username="admin", is_staff=True, is_superuser=True)
    people.create(username="bob", is_staff=True).groups.add(Group.objects.get(name="viewer"))


def reader(person: str) -> Reader:
    """Reads a page as one person; gives milliseconds of the clock and of the processor."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(get_user_model().objects.get(username=person))

    def read(address: str) -> tuple[float, float]:
        begun, used = time.perf_counter(), time.process_time()
        answer = client.get(address)
        took = 1000 * (time.perf_counter() - begun), 1000 * (time.process_time() - used)
        if answer.status_code != 200:
            raise SystemExit(f"{address} answered {answer.status_code}")
        return took

    return read


def measure(read: Reader, address: str, rounds: int) -> tuple[float, float, float]:
    """Median and 95th percentile in milliseconds, and the median of the processor's time."""
    for _ in range(min(WARM_UP, rounds)):
        read(address)
    found = [read(address) for _ in range(rounds)]
    times = sorted(took for took, _used in found)
    p95 = times[min(len(times) - 1, int(0.95 * len(times)))]
    return statistics.median(times), p95, statistics.median(used for _took, used in found)


def queries(read: Reader, address: str) -> int:
    """How many queries a page takes."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        read(address)
    return len(captured)


def figures(read: Reader, pages: Mapping[str, str], rounds: int) -> Iterator[tuple[str, ...]]:
    """One row a page."""
    # Of the rows that the member may see: the grants lie on every twentieth namespace.
    sample = {"namespace": 1020, "repository": 1019, "tag": 1018, "digest": "ab12cd"}
    for name, address in pages.items():
        page = address.format(**sample)
        p50, p95, used = measure(read, page, rounds)
        over = "" if p95 <= GOAL_MS else "over"
        print(f"{name}: {p50:.0f} ms", file=sys.stderr, flush=True)
        yield name, f"{p50:.0f}", f"{p95:.0f}", f"{used:.0f}", str(queries(read, page)), over


def main() -> None:
    """Measure all and print them."""
    wanted = options()
    with tempfile.TemporaryDirectory(prefix="dce-bench-") as folder:
        prepare(wanted, Path(folder))
        everyone = list(figures(reader("bob"), PAGES, wanted.rounds))
        superuser = list(figures(reader("admin"), {**PAGES, **FOR_SUPERUSERS}, wanted.rounds))
    head = ("page", "p50 ms", "p95 ms", "CPU ms", "queries", "")
    goal = f"{wanted.share:.0%} of the full catalogue. Goal: p95 at most {GOAL_MS} ms"
    table(f"A member of some teams. {goal}", head, everyone)
    table(f"A superuser. {goal}", head, superuser)


if __name__ == "__main__":
    main()

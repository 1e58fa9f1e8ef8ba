"""The store of usage on SQLite and PostgreSQL, and beside it Prometheus with the same series.

    .venv/bin/python -m bench.store [--containers 60] [--hours 6]

A sample is one value of one measure: a raw row of a container holds seven. Needs Debian's
postgresql and prometheus.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bench.stand import table
from bench.usage_series import MEASURED, usage_of
from tests.free_port import free_port
from tests.lab.host import wait_until
from tests.plugins.postgres import running_postgres
from tests.programs import find_program

CHECKOUT = Path(__file__).resolve().parents[1]
EVERY_S, HOUR_S, DAY_S = 10, 3600, 86_400
ROWS_A_WRITE = 2000
RAW_GOAL, SEALED_GOAL, ROWS_GOAL, CHART_GOAL_MS = 15.0, 2.0, 30_000, 100.0
RANGES = {
    "1 h": HOUR_S,
    "6 h": 6 * HOUR_S,
    "1 d": DAY_S,
    "7 d": 7 * DAY_S,
    "30 d": 30 * DAY_S,
    "90 d": 90 * DAY_S,
    "2 y": 730 * DAY_S,
}
START_TIMEOUT_S = 60


def main() -> int:
    """Run all three and print them."""
    options = _options()
    if options.inside:
        print(json.dumps(Inside(options.inside).run()))
        return 0
    with tempfile.TemporaryDirectory(prefix="dce-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        ticks = options.hours * HOUR_S // EVERY_S
        series = np.stack([usage_of(number, ticks) for number in range(options.containers)])
        np.save(folder / "series.npy", series)
        found = {"SQLite": _apart(folder / "sqlite", folder, url="")}
        with running_postgres("shared_buffers=128MB") as server:
            server.create("portal")
            found["PostgreSQL"] = _apart(folder / "postgres", folder, url=server.url_of("portal"))
        found["Prometheus"] = prometheus(folder, series)
    _print(found, series.size)
    return 0


def _apart(data: Path, folder: Path, *, url: str) -> dict[str, Any]:
    """A portal's database, in a process of its own, since settings are read once."""
    for part in ("secrets", "static", "run", "log"):
        (data / part).mkdir(parents=True)
    (data / "secrets" / "django-secret-key").write_text("not-a-secret-" + "x" * 50)
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("DCE_", "DJANGO_"))}
    given = {"DCE_DATA": str(data), "DJANGO_SETTINGS_MODULE": "dce_portal.settings.base"}
    given |= {"DCE_DATABASE_URL": url} if url else {}
    command = [sys.executable, "-m", "bench.store", "--inside", str(folder / "series.npy")]
    done = subprocess.run(
        command, cwd=CHECKOUT, env=kept | given, check=True, stdout=subprocess.PIPE
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


class Inside:
    """One database: rows in, sealed, and charts out."""

    def __init__(self, series: Path) -> None:
        """Make the tables."""
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        self.series = np.load(series)
        self.now_s = int(time.time())
        # A day that is over, so that it may be sealed where whole days are.
        self.first_s = self.now_s - self.now_s % DAY_S - DAY_S

    def run(self) -> dict[str, Any]:
        """Every figure."""
        samples = self.series.size
        found: dict[str, Any] = {"samples": samples}
        empty = self._bytes("metrics_sample")
        found["rows_a_s"] = self._write()
        self.raw_bytes = self._bytes("metrics_sample") - empty
        found["raw"] = self.raw_bytes / samples
        found["minute_row"] = self._roll_up()
        found["sealed"], found["seal_ms_an_hour"] = self._seal(samples)
        self._fill_years()
        found["charts"] = {name: self._chart(length_s) for name, length_s in RANGES.items()}
        found["charts"]["1 h, sealed"] = self._chart(HOUR_S, end_s=self.first_s + 2 * HOUR_S)
        return found

    def _write(self) -> float:
        """Rows a second, in transactions as a poll worker makes them."""
        from django.db import transaction

        from apps.metrics import bulk
        from apps.metrics.bulk import Stored

        objects, ticks, _measures = self.series.shape
        gaps = (None,) * 4
        rows = [
            Stored(number + 1, self.first_s + tick * EVERY_S, (*values, *gaps))
            for tick in range(ticks)
            for number, values in enumerate(self.series[:, tick].tolist())
        ]
        began_s = time.perf_counter()
        for start in range(0, len(rows), ROWS_A_WRITE):
            with transaction.atomic():
                bulk.insert_samples(rows[start : start + ROWS_A_WRITE])
        return objects * ticks / (time.perf_counter() - began_s)

    def _roll_up(self) -> float:
        from apps.metrics import tiers

        before = self._bytes("metrics_minutesample")
        ids = range(1, len(self.series) + 1)
        end_s = self.first_s + self.series.shape[1] * EVERY_S
        tiers.roll_up(list(ids), first_s=self.first_s, end_s=end_s)
        rows = len(self.series) * (end_s - self.first_s) // 60
        return (self._bytes("metrics_minutesample") - before) / rows

    def _seal(self, samples: int) -> tuple[float, float]:
        from django.db import connection

        from apps.metrics import sealing
        from apps.metrics.models import MetricObject, SealedHour

        MetricObject.objects.bulk_create(
            MetricObject(
                kind="container", ref=number, label="c", source="agent", cluster_ref=1,
                last_sample_at="2026-01-01T00:00Z",
            )
            for number in range(1, len(self.series) + 1)
        )  # fmt: skip
        before = self._bytes("metrics_sealedhour")
        began_s = time.perf_counter()
        sealing.seal(before_s=self.now_s - self.now_s % DAY_S)
        took_ms = (time.perf_counter() - began_s) * 1000
        taken = self._bytes("metrics_sealedhour") - before
        if connection.vendor == "sqlite":  # one file, from which the raw rows are gone
            taken += self.raw_bytes
        return taken / samples, took_ms / SealedHour.objects.count()

    def _bytes(self, name: str) -> int:
        """What the table takes with its indexes; of SQLite's one file, all that is in use."""
        from django.db import connection

        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(
                    "SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree(%s)"
                    if name == "metrics_sample"
                    else "SELECT pg_total_relation_size(%s::regclass)",
                    [name],
                )
                return int(cursor.fetchone()[0])
            pages = [cursor.execute(f"PRAGMA {part}").fetchone()[0] for part in _PAGES]
        count, free, size = pages
        return int((count - free) * size)

    def _fill_years(self) -> None:
        """One container's tiers as full as they get, and its newest two hours raw."""
        from apps.metrics import bulk, tiers
        from apps.metrics.bulk import Stored

        kept_s = {"minute": 7 * DAY_S, "quarter_hour": 90 * DAY_S, "two_hours": 731 * DAY_S}
        for tier in tiers.TIERS:
            _fill(tier, now_s=self.now_s, kept_s=kept_s[tier.name])
        gaps = (None,) * 4
        moments = range(self.now_s - 2 * HOUR_S, self.now_s, EVERY_S)
        column = self.series[0].tolist()
        bulk.insert_samples(
            [
                Stored(1, at_s, (*column[number % len(column)], *gaps))
                for number, at_s in enumerate(moments)
            ]
        )

    def _chart(self, length_s: int, end_s: int = 0) -> tuple[float, int]:
        """Milliseconds (the median of seven) and rows read, for all measures in 600 points."""
        from apps.metrics.models import MetricObject
        from apps.metrics.series import Range, series_of

        row = MetricObject.objects.get(pk=1)
        end_s = end_s or self.now_s
        span = Range(end_s - length_s, end_s, 600)
        rows, took_ms = 0, []
        for _again in range(7):
            began_s = time.perf_counter()
            rows = series_of(row, span, MEASURED).rows_read
            took_ms.append((time.perf_counter() - began_s) * 1000)
        return median(took_ms), rows


_PAGES = ("page_count", "freelist_count", "page_size")


def _fill(tier: Any, *, now_s: int, kept_s: int) -> None:
    random = np.random.default_rng(tier.step_s)
    common = {f"{name}_count": tier.step_s // EVERY_S for name in MEASURED}
    first_s = now_s - now_s % tier.step_s - kept_s
    rows = []
    for moment in range(first_s, now_s, tier.step_s):
        means = random.uniform(1, 100, len(MEASURED)).tolist()
        sums = {f"{name}_sum": mean * 6 for name, mean in zip(MEASURED, means, strict=True)}
        ends = {f"{name}_{end}": 50.0 for name in MEASURED for end in ("min", "max")}
        rows.append(tier.model(object_id=1, **{tier.moment: moment}, **common, **sums, **ends))
    tier.model._default_manager.bulk_create(rows, batch_size=500, ignore_conflicts=True)


def prometheus(folder: Path, series: np.ndarray) -> dict[str, Any]:
    """The same samples in Debian's Prometheus: packed by promtool, asked over HTTP."""
    text, blocks = folder / "series.txt", folder / "prometheus"
    now_s = int(time.time())
    first_s = now_s - now_s % DAY_S - DAY_S
    with text.open("w") as out:
        for place, measure in enumerate(MEASURED):
            out.write(f"# TYPE {measure} gauge\n")
            for number, one in enumerate(series):
                out.writelines(
                    f'{measure}{{container="{number}"}} {value} {first_s + EVERY_S * tick}\n'
                    for tick, value in enumerate(one[:, place].tolist())
                )
        out.write("# EOF\n")
    promtool = find_program("promtool") or "promtool"
    began_s = time.perf_counter()
    subprocess.run(
        [promtool, "tsdb", "create-blocks-from", "openmetrics", str(text), str(blocks)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    took_s = time.perf_counter() - began_s
    size = sum(file.stat().st_size for file in blocks.rglob("*") if file.is_file())
    with _asked(blocks) as ask:
        end_s = first_s + series.shape[1] * EVERY_S
        charts = {
            "1 h, sealed": ask(first_s + HOUR_S, first_s + 2 * HOUR_S, EVERY_S),
            "6 h": ask(end_s - 6 * HOUR_S, end_s, 60),
        }
    rows_a_s = series.shape[0] * series.shape[1] / took_s
    return {"samples": series.size, "sealed": size / series.size, "rows_a_s": rows_a_s} | {
        "charts": charts
    }


@contextmanager
def _asked(blocks: Path) -> Iterator[Callable[[int, int, int], tuple[float, int]]]:
    port = free_port()
    (blocks / "empty.yml").write_text("")
    command = [
        find_program("prometheus") or "prometheus",
        f"--config.file={blocks}/empty.yml",
        f"--storage.tsdb.path={blocks}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--storage.tsdb.retention.time=10y",
        "--log.level=error",
    ]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def get(path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            return bytes(answer.read())

    def is_ready() -> bool:
        try:
            return bool(get("/-/ready"))
        except OSError:
            return False

    def ask(start_s: int, end_s: int, step_s: int) -> tuple[float, int]:
        """A chart of all measures of one container: mean, most and least of each step."""
        took_ms = []
        for _again in range(7):
            began_s = time.perf_counter()
            for measure in MEASURED:
                for form in ("avg", "max", "min"):
                    query = f'{form}_over_time({measure}{{container="0"}}[{step_s}s])'
                    asked = {"query": query, "start": start_s, "end": end_s, "step": step_s}
                    get("/api/v1/query_range?" + urllib.parse.urlencode(asked))
            took_ms.append((time.perf_counter() - began_s) * 1000)
        return median(took_ms), (end_s - start_s) // EVERY_S

    try:
        wait_until(is_ready, what="Prometheus to answer", timeout_s=START_TIMEOUT_S)
        yield ask
    finally:
        process.terminate()
        process.wait(timeout=30)
        shutil.rmtree(blocks / "wal", ignore_errors=True)


def _print(found: dict[str, dict[str, Any]], samples: int) -> None:
    def cell(one: dict[str, Any], name: str, form: str) -> str:
        return format(one[name], form) if name in one else "—"

    columns = {"raw": ".2f", "sealed": ".2f", "rows_a_s": ",.0f", "seal_ms_an_hour": ".1f"}
    columns["minute_row"] = ".0f"
    head = ["", "B a raw sample", "B sealed", "rows/s in", "ms to seal an hour", "B a minute"]
    rows = [
        [name, *(cell(one, *column) for column in columns.items())] for name, one in found.items()
    ]
    table(f"{samples:,} samples (one value of one measure each), 7 a row", head, rows)
    names = [*RANGES, "1 h, sealed"]
    charts = [
        [name, *(_chart_cell(one["charts"].get(name)) for one in found.values())] for name in names
    ]
    table("A chart of 7 measures: ms (rows read)", ["", *found], charts)
    own = [found["SQLite"], found["PostgreSQL"]]
    goals = {
        f"at most {RAW_GOAL:g} bytes a raw sample": max(one["raw"] for one in own) <= RAW_GOAL,
        f"at most {SEALED_GOAL:g} sealed": max(one["sealed"] for one in own) <= SEALED_GOAL,
        f"{ROWS_GOAL:,} rows/s into PostgreSQL": found["PostgreSQL"]["rows_a_s"] >= ROWS_GOAL,
        f"charts within {CHART_GOAL_MS:g} ms": max(
            ms for one in own for ms, _rows in one["charts"].values()
        )
        <= CHART_GOAL_MS,
    }
    for goal, is_met in goals.items():
        print(f"goal, {goal}:", "met" if is_met else "not met")


def _chart_cell(chart: tuple[float, int] | None) -> str:
    return "—" if chart is None else f"{chart[0]:.1f} ({chart[1]:,})"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Store usage.")
    parser.add_argument("--containers", type=int, default=60)
    parser.add_argument("--hours", type=int, default=6)
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

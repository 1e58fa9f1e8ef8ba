"""Reads traces from CSV files, `timestamp,value` with a header: what is wrong with a file is said in one sentence."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isnan
from pathlib import Path

import numpy as np

from apps.metrics.forecast.series import HourlySeries, hourly_means

LEAST_HOURS = 7 * 24
OTHER_FORMS = ("%Y/%m/%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y%m%d")
SAMPLE_ROWS = 200
FIRST_MILLISECONDS = 1e11  # as seconds that is the year 5138
MOST_BAD_SHARE = 0.1  # of a file's rows; above that the file is not what it says it is


class BadTraceError(ValueError):
    """A file or folder that cannot be used; its text is the sentence a person reads."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One file's hourly means, and how many of its rows could not be read."""

    name: str
    series: HourlySeries
    bad_rows: int


def trace_paths(folder: Path) -> list[Path]:
    """The folder's CSV files by name."""
    if not folder.is_dir():
        raise BadTraceError(f"{folder} is not a folder. Name the folder that holds the CSV files.")
    paths = sorted(
        path for path in folder.iterdir() if path.suffix.lower() == ".csv" and path.is_file()
    )
    if not paths:
        raise BadTraceError(
            f"{folder} holds no CSV file. Each series is one file with a header: timestamp,value."
        )
    return paths


def read_trace(path: Path) -> Trace:
    """Rows may be unsorted and moments repeated: hourly means need neither order nor one sample each."""
    times_s, values = _columns(path)
    bad = np.isnan(times_s) | ~np.isfinite(values)
    if len(times_s) == 0 or bad.all():
        raise BadTraceError(f"{path.name} has no row with a time and a number.")
    if bad.mean() > MOST_BAD_SHARE:
        raise BadTraceError(
            f"{path.name}: {bad.sum()} of {len(bad)} rows have no readable time or finite number."
        )
    series = hourly_means(times_s, values)
    if series.hours < LEAST_HOURS:
        raise BadTraceError(
            f"{path.name} spans {series.hours} hours; at least {LEAST_HOURS} (seven days) are needed."
        )
    return Trace(path.name, series, int(bad.sum()))


def _columns(path: Path) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]:
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            rows = list(_rows(file, path.name))
    except (OSError, csv.Error) as error:
        raise BadTraceError(f"{path.name} cannot be read: {error}.") from error
    moments = _all_seconds([moment for moment, _value in rows])
    return np.array(moments, dtype=np.float64), np.array(
        [_number(value) for _moment, value in rows]
    )


def _rows(file: Iterator[str], name: str) -> Iterator[tuple[str, str]]:
    reader = csv.DictReader((line.replace("\0", "") for line in file), restval="")
    columns = {str(field).strip().lower(): field for field in reader.fieldnames or ()}
    if "timestamp" not in columns or "value" not in columns:
        raise BadTraceError(f"{name} has no header with the columns timestamp and value.")
    for row in reader:
        yield row[columns["timestamp"]].strip(), row[columns["value"]].strip()


def _all_seconds(moments: Sequence[str]) -> list[float]:
    """Where ISO dates do not read, one other form for all of a file: the one that reads most of it."""
    seconds = [_seconds(moment) for moment in moments]
    strange = [moment for moment, known in zip(moments, seconds, strict=True) if isnan(known)]
    if not strange:
        return seconds
    sample = strange[:: max(1, len(strange) // SAMPLE_ROWS)]
    readable = {form: sum(not isnan(_by(form, one)) for one in sample) for form in OTHER_FORMS}
    best = max(OTHER_FORMS, key=lambda form: readable[form])
    return [
        _by(best, moment) if isnan(known) else known
        for moment, known in zip(moments, seconds, strict=True)
    ]


def _seconds(text: str) -> float:
    """Seconds since 1970 from a count of seconds or milliseconds, or from a date and time (UTC by default)."""
    number = _number(text)
    if not isnan(number):
        return number / 1000 if abs(number) >= FIRST_MILLISECONDS else number
    try:
        moment = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        return number
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _by(form: str, text: str) -> float:
    """Seconds by a form with or without seconds of the minute."""
    for end in (" %H:%M:%S", " %H:%M", ""):
        try:
            return datetime.strptime(text, form + end).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    return float("nan")


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return float("nan")
    return number if np.isfinite(number) else float("nan")

"""The back-test: a series' last five days forecast one at a time, each 24 hours ahead from what came before it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from apps.metrics.forecast.arrays import DAY_HOURS, Floats
from apps.metrics.forecast.comparators import Comparator, comparators
from apps.metrics.forecast.engine import Limits, Outlook, forecasts_at
from apps.metrics.forecast.trace_files import BadTraceError, read_trace, trace_paths

TEST_DAYS = 5
WARM_UP_HOURS = 72


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesResult:
    """One series: its error divided by its scale, the share of truths in the band, and what it took."""

    name: str
    mase: float
    coverage_80: float
    elapsed_ms: float
    method_mase: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A folder's figures are means over its series; what could not be used is told file by file."""

    series: Sequence[SeriesResult]
    notes: Sequence[str]

    @property
    def mean_mase(self) -> float:
        return float(np.mean([result.mase for result in self.series]))

    @property
    def coverage_80(self) -> float:
        return float(np.mean([result.coverage_80 for result in self.series]))

    @property
    def ms_per_series(self) -> float:
        return float(np.mean([result.elapsed_ms for result in self.series]))

    @property
    def methods(self) -> dict[str, float]:
        """The mean error of each other method."""
        names = self.series[0].method_mase
        return {
            name: float(np.mean([result.method_mase[name] for result in self.series]))
            for name in names
        }


def backtest_folder(folder: Path) -> Report:
    """Every usable CSV file of a folder; refuses only where there is none."""
    results: list[SeriesResult] = []
    notes: list[str] = []
    others = comparators()
    _warm_up()
    for path in trace_paths(folder):
        try:
            result, note = _backtest_file(path, others=others)
            results.append(result)
        except BadTraceError as error:
            note = f"{error} The file was left out."
        notes += [note] if note else []
    if not results:
        raise BadTraceError(" ".join(["No file could be used.", *notes]))
    return Report(series=results, notes=notes)


def backtest_series(
    name: str, values: Floats, *, others: Mapping[str, Comparator] | None = None
) -> SeriesResult:
    """One series of hourly values."""
    scale = seasonal_scale(values)
    if scale == 0:
        raise BadTraceError(
            f"{name} repeats itself exactly from day to day, so that its error has no scale."
        )
    starts = range(len(values) - TEST_DAYS * DAY_HOURS, len(values), DAY_HOURS)
    truth = values[starts[0] :]
    began = time.process_time()
    outlooks = forecasts_at(values[: starts[-1]], starts, limits=_limits(values[: starts[0]]))
    elapsed_ms = (time.process_time() - began) * 1000
    lower, upper = _joined(outlooks, "lower"), _joined(outlooks, "upper")
    return SeriesResult(
        name=name,
        mase=_error(truth, _joined(outlooks, "point")) / scale,
        coverage_80=float(np.mean((lower <= truth) & (truth <= upper))),
        elapsed_ms=elapsed_ms,
        method_mase={
            other: _error(truth, _rolled(predict, values, starts)) / scale
            for other, predict in (others or {}).items()
        },
    )


def _backtest_file(path: Path, *, others: Mapping[str, Comparator]) -> tuple[SeriesResult, str]:
    trace = read_trace(path)
    note = (
        f"{trace.name}: {trace.bad_rows} rows could not be read and were left out."
        if trace.bad_rows
        else ""
    )
    return backtest_series(trace.name, trace.series.values, others=others), note


def _rolled(predict: Comparator, values: Floats, starts: range) -> Floats:
    return np.concatenate([predict(values[:start]) for start in starts])


def seasonal_scale(values: Floats) -> float:
    """The mean absolute difference of an hour and the same hour a day before, over the whole series."""
    return float(np.abs(values[DAY_HOURS:] - values[:-DAY_HOURS]).mean())


def _limits(history: Floats) -> Limits:
    """Usage is never negative; a trace that has been is no usage and knows no floor."""
    return Limits(floor=0.0 if float(history.min()) >= 0 else None)


def _warm_up() -> None:
    """The first call of a process loads code; that is no series' cost."""
    hours = np.arange(WARM_UP_HOURS, dtype=np.float64)
    forecasts_at(hours, [WARM_UP_HOURS])


def _joined(outlooks: Sequence[Outlook], edge: str) -> Floats:
    return np.concatenate([getattr(outlook, edge) for outlook in outlooks])


def _error(truth: Floats, point: Floats) -> float:
    return float(np.abs(truth - point).mean())

"""A back-test's report for people and for programs."""

from __future__ import annotations

from typing import Any

from apps.metrics.forecast.backtest import Report


def as_json(report: Report) -> dict[str, Any]:
    """`mean_mase` is the portal's own forecast; each other method stands under `methods`."""
    return {
        "series": len(report.series),
        "mean_mase": report.mean_mase,
        "coverage_80": report.coverage_80,
        "ms_per_series": report.ms_per_series,
        "methods": {name: {"mean_mase": mase} for name, mase in report.methods.items()},
    }


def as_table(report: Report) -> str:
    """A line a series, the means beneath."""
    names = list(report.methods)
    width = max(len(result.name) for result in report.series)
    head = ["series".ljust(width), f"{'portal':>8}", f"{'in band':>8}", f"{'ms':>7}"]
    head += [f"{_short(name):>{_column(name)}}" for name in names]
    lines = ["  ".join(head)]
    for result in report.series:
        figures = (result.mase, result.coverage_80, result.elapsed_ms)
        lines.append(_line(result.name.ljust(width), figures, dict(result.method_mase)))
    means = (report.mean_mase, report.coverage_80, report.ms_per_series)
    lines.append(_line("mean".ljust(width), means, report.methods))
    lines.append("")
    lines.append(
        "Mean absolute error of five days, each forecast 24 hours ahead, divided by the series' mean "
        "|y(t) - y(t-24 h)|; `in band`: share of truths inside the 80 % band; `ms`: processor time of all five."
    )
    return "\n".join(lines)


def _line(name: str, figures: tuple[float, float, float], methods: dict[str, float]) -> str:
    mase, coverage, elapsed_ms = figures
    others = (f"{value:{_column(other)}.3f}" for other, value in methods.items())
    return "  ".join([name, f"{mase:8.3f}", f"{coverage:8.3f}", f"{elapsed_ms:7.1f}", *others])


def _column(name: str) -> int:
    return max(len(_short(name)), 8)


def _short(name: str) -> str:
    return name.replace("_", " ")

"""Measures the forecast beside statsmodels' Theta and Holt-Winters in one run, on a folder of CSV files.

    python bench/forecast.py DIR [--json]

Needs requirements/bench.txt. The protocol is that of `manage.py forecast_backtest`; see docs/forecast.md.
"""

from __future__ import annotations

import sys

# The checkout in place of this folder, whose token.py would hide Python's own.
sys.path.insert(0, sys.path.pop(0).removesuffix("/bench"))

import argparse
import importlib.util
import json
from pathlib import Path

from apps.metrics.forecast.backtest import backtest_folder
from apps.metrics.forecast.report import as_json, as_table
from apps.metrics.forecast.trace_files import BadTraceError

GOAL_MASE = 0.80
GOAL_COVERAGE = (0.75, 0.85)
GOAL_MS = 20.0


def main() -> int:
    """Prints the table and whether the goals are met; 2 where nothing could be measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", metavar="DIR", type=Path)
    parser.add_argument("--json", action="store_true", dest="as_json")
    options = parser.parse_args()
    if importlib.util.find_spec("statsmodels") is None:
        print(
            "statsmodels is not installed. Install requirements/bench.txt and start again.",
            file=sys.stderr,
        )
        return 2
    try:
        report = backtest_folder(options.folder)
    except BadTraceError as error:
        print(error, file=sys.stderr)
        return 2
    for note in report.notes:
        print(note, file=sys.stderr)
    print(json.dumps(as_json(report), indent=2) if options.as_json else as_table(report))
    if not options.as_json:
        print(_verdict(report.mean_mase, report.coverage_80, report.ms_per_series))
    return 0


def _verdict(mase: float, coverage: float, ms: float) -> str:
    low, high = GOAL_COVERAGE
    goals = {
        f"error {mase:.3f} (goal: at most {GOAL_MASE:.2f})": mase <= GOAL_MASE,
        f"coverage {coverage:.3f} (goal: {low:.2f} to {high:.2f})": low <= coverage <= high,
        f"{ms:.1f} ms a series (goal: at most {GOAL_MS:.0f})": ms <= GOAL_MS,
    }
    return "\n".join(f"{'met   ' if met else 'missed'}  {goal}" for goal, met in goals.items())


if __name__ == "__main__":
    sys.exit(main())

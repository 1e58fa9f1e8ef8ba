"""`manage.py forecast_backtest DIR`: how well the forecast does on a folder of traces."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.metrics.forecast.backtest import Report, backtest_folder
from apps.metrics.forecast.report import as_json, as_table
from apps.metrics.forecast.trace_files import BadTraceError


class Command(BaseCommand):
    """Prints a table, or JSON with --json; notes on files left out go to standard error."""

    help = (
        "Forecasts the last five days of each CSV file (timestamp,value) of a folder, one day at a time, and prints "
        "the error beside other methods', the coverage of the 80 % band and the time taken."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path, help="folder of CSV files")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON")

    def handle(self, *_args: object, **options: Any) -> None:
        report = self._report(options["folder"])
        for note in report.notes:
            self.stderr.write(note)
        text = json.dumps(as_json(report), indent=2) if options["as_json"] else as_table(report)
        self.stdout.write(text)

    def _report(self, folder: Path) -> Report:
        try:
            return backtest_folder(folder)
        except BadTraceError as error:
            raise CommandError(str(error)) from error

"""A failure is printed when it happens, and a test that hangs shows where.

The report at the end of a run is lost where the run itself is cut off, and with
it the only thing that would say why.
"""

from __future__ import annotations

import pytest

HANDLER = "at once"


class AtOnce:
    """Prints the whole report of each failed step of a test, in the main process only."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Under xdist this runs where the workers' reports arrive."""
        if report.failed:
            self._terminal.ensure_newline()
            self._terminal.write_line(f"FAILED {report.nodeid} ({report.when})", red=True)
            self._terminal.write_line(report.longreprtext)
            self._terminal.flush()


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Workers have no terminal of their own."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None:
        config.pluginmanager.register(AtOnce(terminal), HANDLER)

"""What the machine cannot run is left out and listed; with DCE_TEST_REQUIRE_ALL=1 it fails.

A test says what it needs with a marker (``redis``, ``lab``, …). Under
DCE_TEST_REQUIRE_ALL, which CI sets, any other skip fails as well: a suite that
is green there has run all of itself.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator, Iterator

import pytest

from .requirements import CHECKS, missing_for

REQUIRE_ALL_VARIABLE = "DCE_TEST_REQUIRE_ALL"
PROPERTY = "left_out"


def require_all() -> bool:
    """Whether a test that cannot run here is to fail."""
    return os.environ.get(REQUIRE_ALL_VARIABLE) == "1"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave a test out, or fail it, before any of its fixtures starts."""
    reasons = list(_reasons(item))
    if not reasons:
        return
    # Kept in the report, which is all that reaches the main process from a worker.
    item.user_properties.append((PROPERTY, "; ".join(reasons)))
    if require_all():
        pytest.fail(f"Required by {REQUIRE_ALL_VARIABLE}: {'; '.join(reasons)}", pytrace=False)
    pytest.skip("; ".join(reasons))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where everything is required."""
    report = yield
    if not hasattr(report, "wasxfail"):
        _fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole module that skips itself."""
    report = yield
    _fail_if_skipped(report)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Close with what was left out, and how many tests that is."""
    counts = Counter(
        dict(report.user_properties)[PROPERTY]
        for outcome in ("skipped", "error", "failed")
        for report in terminalreporter.stats.get(outcome, ())
        if PROPERTY in dict(getattr(report, "user_properties", ()))
    )
    if counts:
        terminalreporter.section("left out")
    for reason, count in sorted(counts.items()):
        terminalreporter.line(f"Left out: {count} test{'s' if count > 1 else ''} ({reason})")


def _reasons(item: pytest.Item) -> Iterator[str]:
    for marker in CHECKS:
        if item.get_closest_marker(marker):
            yield from (f"{marker}: {lack}" for lack in missing_for(marker))


def _fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not (report.skipped and require_all()):
        return
    report.outcome = "failed"
    report.longrepr = f"{REQUIRE_ALL_VARIABLE} allows no skip. {_why(report.longrepr)}"


def _why(skip: object) -> str:
    return str(skip[2]) if isinstance(skip, tuple) else str(skip)

"""Which images a rule means, and when it is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.replication.rules.choosing import (
    host_of,
    is_repository,
    literal_names,
    placed,
    upstream_name,
    wanted,
)
from apps.replication.rules.schedule import is_due, parsed

NOW = datetime(2026, 3, 4, 3, 30, 20, tzinfo=UTC)  # a Wednesday


def test_patterns_choose_names_once_and_in_order() -> None:
    names = ["team/b", "team/a", "other/a", "team/a"]
    assert wanted("team/* other/a", names) == ["other/a", "team/a", "team/b"]


def test_names_without_patterns_need_no_list() -> None:
    assert literal_names("nginx library/redis nginx") == ["library/redis", "nginx"]
    assert literal_names("nginx team/*") is None


def test_names_at_the_other_end() -> None:
    assert (placed("", "a/b"), placed("mirror/x", "a/b")) == ("a/b", "mirror/x/a/b")
    hub = host_of("docker.io")
    assert upstream_name("nginx", host=hub) == "library/nginx"
    assert upstream_name("grafana/loki", host=hub) == "grafana/loki"
    assert upstream_name("nginx", host="registry.example") == "nginx"


@pytest.mark.parametrize(
    ("name", "good"),
    [("a/b-c", True), ("-rf", False), ("a//b", False), ("A/b", False), ("a/../b", False)],
)
def test_what_a_registry_lists_is_looked_at(name: str, good: bool) -> None:
    assert is_repository(name) is good


@pytest.mark.parametrize(
    ("cron", "since", "due"),
    [
        ("30 3 * * *", timedelta(minutes=5), True),
        ("30 3 * * *", timedelta(seconds=10), False),
        ("30 3 * * *", timedelta(days=40), True),
        ("0 3 * * *", timedelta(minutes=5), False),
        ("0 3 * * *", timedelta(hours=1), True),
        ("*/10 * * * *", timedelta(minutes=1), True),
        ("30 3 * * 3", timedelta(minutes=5), True),
        ("30 3 * * 4", timedelta(minutes=5), False),
        ("30 3 4 3 *", timedelta(minutes=5), True),
        ("", timedelta(days=1), False),
    ],
)
def test_a_cron_line_is_due_once_a_minute_that_it_names_has_come(
    cron: str, since: timedelta, due: bool
) -> None:
    found = is_due(NOW, since=NOW - since, has_run=True, every_minutes=None, cron=cron)
    assert found is due


def test_minutes_count_from_the_last_run_and_a_new_rule_runs_at_once() -> None:
    def due(minutes: int, *, has_run: bool) -> bool:
        since = NOW - timedelta(minutes=minutes)
        return is_due(NOW, since=since, has_run=has_run, every_minutes=60, cron="")

    assert (due(59, has_run=True), due(60, has_run=True), due(0, has_run=False)) == (
        False,
        True,
        True,
    )


@pytest.mark.parametrize("line", ["", "* * * *", "x * * * *", "* 25 * * *", "* * * * * *"])
def test_what_is_no_cron_line(line: str) -> None:
    assert parsed(line) is None

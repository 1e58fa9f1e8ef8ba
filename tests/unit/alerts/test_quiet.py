"""Quiet hours on real changes of real clocks, and their properties on any day anywhere."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.rules.quiet import Interval, Quiet, Window, quiet_until

EVERY_DAY = frozenset(range(7))
BERLIN, NEW_YORK, SHANGHAI, LORD_HOWE = (
    "Europe/Berlin",
    "America/New_York",
    "Asia/Shanghai",
    "Australia/Lord_Howe",
)


def window(begins: str, ends: str, zone: str, days: frozenset[int] = EVERY_DAY) -> Window:
    return Window(
        days=days, begins=time.fromisoformat(begins), ends=time.fromisoformat(ends), zone=zone
    )


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "begins", "ends", "begin", "end"),
    [
        # An ordinary night in winter: Berlin is one hour ahead.
        (BERLIN, "2026-01-10", "22:00", "07:00", "2026-01-10T21:00", "2026-01-11T06:00"),
        # The night of 29 March 2026 loses its hour from 2 to 3: eight hours by the clock last eight, not nine.
        (BERLIN, "2026-03-28", "22:00", "07:00", "2026-03-28T21:00", "2026-03-29T05:00"),
        # The night of 25 October 2026 has its hour from 2 to 3 twice.
        (BERLIN, "2026-10-24", "22:00", "07:00", "2026-10-24T20:00", "2026-10-25T06:00"),
        # 02:30 does not exist on 29 March: it is the moment at which clocks show 03:00.
        (BERLIN, "2026-03-29", "02:30", "05:00", "2026-03-29T01:00", "2026-03-29T03:00"),
        (BERLIN, "2026-03-29", "01:00", "02:30", "2026-03-29T00:00", "2026-03-29T01:00"),
        # 02:30 comes twice on 25 October: begin at the first, end at the second.
        (BERLIN, "2026-10-25", "02:30", "04:00", "2026-10-25T00:30", "2026-10-25T03:00"),
        (BERLIN, "2026-10-25", "01:00", "02:30", "2026-10-24T23:00", "2026-10-25T01:30"),
        # New York: 8 March and 1 November 2026, at two in the morning.
        (NEW_YORK, "2026-03-08", "02:15", "06:00", "2026-03-08T07:00", "2026-03-08T10:00"),
        (NEW_YORK, "2026-11-01", "01:30", "06:00", "2026-11-01T05:30", "2026-11-01T11:00"),
        (NEW_YORK, "2026-10-31", "23:00", "01:30", "2026-11-01T03:00", "2026-11-01T06:30"),
        # Shanghai keeps one time all the year.
        (SHANGHAI, "2026-03-28", "23:00", "08:00", "2026-03-28T15:00", "2026-03-29T00:00"),
        # Lord Howe moves by half an hour: on 5 April 2026 back from 02:00 to 01:30, on 4 October forward to 02:30.
        (LORD_HOWE, "2026-04-05", "01:00", "01:45", "2026-04-04T14:00", "2026-04-04T15:15"),
        (LORD_HOWE, "2026-10-04", "02:15", "06:00", "2026-10-03T15:30", "2026-10-03T19:00"),
        # Begin and end alike are a whole day of 24, 23 or 25 hours.
        (BERLIN, "2026-03-28", "12:00", "12:00", "2026-03-28T11:00", "2026-03-29T10:00"),
        (BERLIN, "2026-10-24", "12:00", "12:00", "2026-10-24T10:00", "2026-10-25T11:00"),
    ],
)
def test_a_window_follows_the_clocks_of_its_zone(zone, day, begins, ends, begin, end) -> None:
    found = window(begins, ends, zone).on(date.fromisoformat(day))

    assert found == Interval(utc(begin), utc(end))


def test_a_window_that_the_clocks_jump_over_does_not_exist() -> None:
    assert window("02:10", "02:50", BERLIN).on(date(2026, 3, 29)) is None


def test_a_window_begins_only_on_its_days_and_lasts_into_the_next() -> None:
    friday_night = window("22:00", "07:00", BERLIN, days=frozenset({4}))
    quiet = [Quiet(windows=(friday_night,))]

    # 6 November 2026 is a Friday.
    assert quiet_until(quiet, severity="warning", at=utc("2026-11-07T03:00")) == utc(
        "2026-11-07T06:00"
    )
    assert quiet_until(quiet, severity="warning", at=utc("2026-11-07T22:00")) is None


def test_the_end_is_not_quiet_any_more_and_the_begin_is() -> None:
    quiet = [Quiet(windows=(window("09:00", "17:00", SHANGHAI),))]

    assert quiet_until(quiet, severity="info", at=utc("2026-11-06T01:00")) is not None
    assert quiet_until(quiet, severity="info", at=utc("2026-11-06T09:00")) is None


def test_what_is_grave_enough_breaks_through() -> None:
    quiet = [Quiet(windows=(window("00:00", "00:00", "UTC"),), breaks_through="critical")]
    at = utc("2026-11-06T01:00")

    assert quiet_until(quiet, severity="critical", at=at) is None
    assert quiet_until(quiet, severity="warning", at=at) is not None


def test_one_that_lets_nothing_through_holds_even_what_is_critical() -> None:
    quiet = [Quiet(windows=(window("00:00", "06:00", "UTC"),), breaks_through=None)]

    assert quiet_until(quiet, severity="critical", at=utc("2026-11-06T01:00")) == utc(
        "2026-11-06T06:00"
    )


def test_windows_that_adjoin_end_once_together() -> None:
    night = Quiet(windows=(window("22:00", "06:00", "UTC"),))
    upgrade = Quiet(windows=(Interval(utc("2026-11-07T05:30"), utc("2026-11-07T08:00")),))

    assert quiet_until([night, upgrade], severity="info", at=utc("2026-11-06T23:00")) == utc(
        "2026-11-07T08:00"
    )


def test_quiet_around_the_clock_is_looked_at_again_instead_of_for_ever() -> None:
    always = [Quiet(windows=(window("00:00", "00:00", "UTC"),))]
    at = utc("2026-11-06T23:00")

    until = quiet_until(always, severity="info", at=at)

    assert until is not None
    assert at + timedelta(days=30) < until <= at + timedelta(days=60)


zones = st.sampled_from([BERLIN, NEW_YORK, SHANGHAI, LORD_HOWE, "UTC", "Pacific/Apia"])
walls = st.times().map(lambda wall: wall.replace(second=0, microsecond=0))
moments = st.datetimes(
    min_value=datetime(2024, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    max_value=datetime(2030, 1, 1),  # noqa: DTZ001 - as above
    timezones=st.just(UTC),
)
days = st.dates(min_value=date(2024, 1, 1), max_value=date(2030, 12, 31))


@given(zone=zones, begins=walls, ends=walls, day=days)
def test_a_window_lasts_as_long_as_the_clocks_say_give_or_take_a_change(zone, begins, ends, day):
    found = Window(days=EVERY_DAY, begins=begins, ends=ends, zone=zone).on(day)

    by_the_clock = datetime.combine(day, ends) - datetime.combine(day, begins)
    if by_the_clock <= timedelta(0):
        by_the_clock += timedelta(days=1)
    if found is None:
        assert by_the_clock <= timedelta(hours=1)
    else:
        assert abs((found.end - found.begin) - by_the_clock) <= timedelta(hours=1)


@given(
    zone=zones,
    begins=walls,
    ends=walls,
    at=moments,
)
def test_quiet_by_instants_is_quiet_by_the_clock_where_no_clock_changes(zone, begins, ends, at):
    local = at.astimezone(ZoneInfo(zone))
    around = [(at + timedelta(hours=h)).astimezone(ZoneInfo(zone)).utcoffset() for h in (-30, 30)]
    if around[0] != around[1]:
        return
    wall = local.time()
    inside = begins <= wall < ends if begins < ends else wall >= begins or wall < ends
    quiet = [Quiet(windows=(Window(days=EVERY_DAY, begins=begins, ends=ends, zone=zone),))]

    assert (quiet_until(quiet, severity="info", at=at) is not None) is inside


@given(
    zone=zones,
    begins=walls,
    ends=walls,
    at=moments,
)
def test_quiet_ends_when_it_says(zone, begins, ends, at):
    if begins == ends:
        return
    quiet = [Quiet(windows=(Window(days=EVERY_DAY, begins=begins, ends=ends, zone=zone),))]

    until = quiet_until(quiet, severity="info", at=at)

    if until is not None:
        assert at < until
        assert quiet_until(quiet, severity="info", at=until) is None
        assert quiet_until(quiet, severity="info", at=until - timedelta(seconds=1)) == until

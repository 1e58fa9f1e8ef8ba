"""What is told, to whom, and when again: routes, silences, attempts, pictures, words. Pure."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.adapters.notifier import scrubbed
from apps.alerts.adapters.sender.fence import Fence, FenceError, is_allowed
from apps.alerts.adapters.sender.trace import seconds_of
from apps.alerts.ports.notifier import Receipt
from apps.alerts.rules.bars import bars
from apps.alerts.rules.message import Curve, Subject, Told, compose
from apps.alerts.rules.picture import HEIGHT, WIDTH, chart
from apps.alerts.rules.problems import WORDS, problem_in_words
from apps.alerts.rules.quiet import Interval, Quiet, Window
from apps.alerts.rules.retries import LONGEST_WAIT_S, MOST_ATTEMPTS, next_wait_s
from apps.alerts.rules.routing import Fit, Matcher
from apps.alerts.rules.routing import Subject as Asked
from apps.alerts.rules.severities import at_least, gravest
from apps.alerts.rules.week import week_of
from dce_portal.secret import Secret

NOW = datetime(2026, 11, 28, 13, 8, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
ALERT = Told(
    ref=1,
    rule="Memory near its limit",
    severity="critical",
    object_kind="service",
    object_label="shop_web",
    cluster="prod",
    metric="memory_bytes",
    unit="%",
    value=94.2,
    bound=90,
    since=NOW - timedelta(minutes=6),
    culprits=[
        {"label": f"shop_web.{n}", "value": (4 - n) * 2.0**30, "unit": "bytes"} for n in range(4)
    ],
    advice="Give it more.",
    url="https://portal.test/admin/alerts/alert/1/change/",
    curve=Curve(values=[float(n) for n in range(35, 95)], unit="%"),
)


def said(*alerts, kind="alerts", **facts):
    return compose(Subject(kind=kind, alerts=alerts, now=NOW, zone=BERLIN, **facts))


def test_one_alert_says_what_since_when_how_much_by_whom_and_where():
    message = said(ALERT)

    assert message.title == "■ Memory near its limit: shop_web"
    assert message.text.splitlines() == [
        "shop_web in cluster prod",
        "memory: 94.2 % (the rule says 90 %); since 14:02 CET (6 min)",
        "Most by: shop_web.0 4.0 GiB · shop_web.1 3.0 GiB · shop_web.2 2.0 GiB",
        f"{bars(ALERT.curve.values)} last hour, 35 % to 94 %",
        "Give it more.",
        "https://portal.test/admin/alerts/alert/1/change/",
    ]
    assert message.facts["alerts"][0]["culprits"][2]["label"] == "shop_web.2"
    assert len(message.facts["alerts"][0]["culprits"]) == 3


def test_the_end_says_how_long_it_lasted_and_gives_no_advice():
    message = said(replace(ALERT, ended=NOW))

    assert message.title == "● Over after 6 min: Memory near its limit, shop_web"
    assert "Give it more." not in message.text
    assert message.severity == "cleared"


def test_a_group_is_one_message_the_gravest_first_and_no_longer_than_it_must_be():
    many = [replace(ALERT, ref=n, severity="warning", object_label=f"shop_{n}") for n in range(14)]

    message = said(*many, ALERT, group="stack shop", url="https://portal.test/")

    assert message.title == "■ 15 alerts in stack shop"
    lines = message.text.splitlines()
    assert lines[0].startswith("■ Memory near its limit, shop_web: memory: 94.2 %")
    assert "and 5 more" in lines
    assert len(message.facts["alerts"]) == 15
    assert message.severity == "critical"


def test_a_message_of_another_day_names_the_day():
    assert "since 27 Nov 14:08 CET" in said(replace(ALERT, since=NOW - timedelta(days=1))).text


def test_a_fact_without_a_number_is_just_said():
    down = replace(ALERT, metric="node_down", unit="yes", value=1.0, bound=1.0, curve=None)

    assert "is down; since 14:02 CET" in said(down).text


def test_a_value_that_nobody_knows_is_not_made_up():
    assert "memory; since" in said(replace(ALERT, value=None)).text


# Routes and silences


SUBJECT = Asked(
    severity="critical",
    rule=7,
    cluster=2,
    object_kind="service",
    object_label="shop_web",
    stack="shop",
    labels={"tier": "front", "empty": ""},
    teams=frozenset({3}),
)


@pytest.mark.parametrize(
    ("fit", "takes"),
    [
        (Fit(), True),
        (Fit(severities=frozenset({"critical", "warning"})), True),
        (Fit(severities=frozenset({"warning"})), False),
        (Fit(rules=frozenset({7}), clusters=frozenset({2})), True),
        (Fit(rules=frozenset({7}), clusters=frozenset({1})), False),
        (Fit(teams=frozenset({3, 4})), True),
        (Fit(teams=frozenset({4})), False),
        (Fit(stacks=("blog", "sh*")), True),
        (Fit(stacks=("sho",)), False),
    ],
)
def test_a_route_takes_what_meets_every_wish(fit, takes):
    assert fit.takes(SUBJECT) is takes


@pytest.mark.parametrize(
    ("matcher", "fits"),
    [
        (Matcher(rule=7), True),
        (Matcher(rule=8), False),
        (Matcher(cluster=2, object_kind="service"), True),
        (Matcher(object_kind="node"), False),
        (Matcher(object_label="shop_*"), True),
        (Matcher(object_label="shop"), False),
        (Matcher(label="tier"), True),
        (Matcher(label="tier=front"), True),
        (Matcher(label="tier=back"), False),
        (Matcher(label="empty="), True),
        (Matcher(label="missing"), False),
        (Matcher(object_label="shop_web", label="missing"), False),
    ],
)
def test_a_silence_fits_where_every_matcher_does(matcher, fits):
    assert matcher.fits(SUBJECT) is fits


def test_a_name_with_brackets_is_a_name_and_no_pattern():
    subject = replace(SUBJECT, object_label="web[1]")

    assert Matcher(object_label="web[1]").fits(subject)
    assert Matcher(object_label="web[*").fits(subject)
    assert not Matcher(object_label="web[1]*").fits(replace(SUBJECT, object_label="web1"))


def test_severities_have_an_order_and_what_is_unknown_is_grave():
    assert at_least("critical", "warning")
    assert not at_least("info", "warning")
    assert at_least("new word", "critical")
    assert gravest(["info", "critical", "warning"]) == "critical"


# Attempts


@given(
    attempts=st.integers(1, MOST_ATTEMPTS - 1),
    chance=st.floats(0, 1),
    asked=st.none() | st.integers(0, 10**6),
)
def test_attempts_wait_longer_and_longer_and_as_long_as_the_target_asked(attempts, chance, asked):
    receipt = Receipt(problem="status", status=429, retry_after_s=asked)

    wait = next_wait_s(receipt, attempts=attempts, chance=chance)

    assert min(asked or 0, LONGEST_WAIT_S) <= wait <= LONGEST_WAIT_S
    assert wait >= next_wait_s(Receipt(problem="status"), attempts=attempts, chance=0)


def test_nothing_is_tried_for_ever():
    assert next_wait_s(Receipt(problem="timeout"), attempts=MOST_ATTEMPTS, chance=0) is None
    assert next_wait_s(Receipt(problem="status", is_permanent=True), attempts=1, chance=0) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("17", 17),
        ("-1", None),
        ("soon", None),
        ("99999999", 86400),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 0),
    ],
)
def test_retry_after_is_read_in_both_forms(header, seconds):
    assert seconds_of(header) == seconds


@pytest.mark.parametrize("problem", [*WORDS, "something new"])
def test_every_problem_has_a_sentence(problem):
    sentence = problem_in_words(problem, detail="why", status=500)

    assert sentence
    assert "%(" not in sentence


def test_no_problem_needs_no_words():
    assert problem_in_words("") == ""


# The fence


@pytest.mark.parametrize(
    ("address", "public", "private"),
    [
        (("93.184.215.14", 443), True, True),
        (("2606:4700::1111", 443, 0, 0), True, True),
        (("10.1.2.3", 80), False, True),
        (("127.0.0.1", 80), False, True),
        (("::1", 80, 0, 0), False, True),
        (("::ffff:127.0.0.1", 80, 0, 0), False, True),
        (("192.168.1.1", 80), False, True),
        (("fd12::1", 80, 0, 0), False, True),
        (("169.254.169.254", 80), False, False),
        (("::ffff:169.254.169.254", 80, 0, 0), False, False),
        (("fe80::1%eth0", 80, 0, 2), False, False),
        (("fd00:ec2::254", 80, 0, 0), False, False),
        (("100.100.100.200", 80), False, False),
        (("0.0.0.0", 80), False, False),
        (("::", 80, 0, 0), False, False),
        (("224.0.0.1", 80), False, False),
        (("localhost", 80), False, False),
        ("/run/docker.sock", False, False),
        (b"\0abstract", False, False),
    ],
)
def test_which_addresses_a_message_may_go_to(address, public, private):
    assert is_allowed(address, allow_private=False) is public
    assert is_allowed(address, allow_private=True) is private


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("open", ("/etc/passwd", "r", 0)),
        ("open", ("/usr/lib/python3/x.py", "w", 1)),
        ("open", ("/usr/lib/../../etc/shadow", "r", 0)),
        ("subprocess.Popen", ("sh", [], None, None)),
        ("os.system", (b"sh",)),
        ("socket.connect", (None, "/run/dce/redis.sock")),
    ],
)
def test_the_fence_stops_what_no_message_needs(event, arguments):
    fence = Fence(allow_private=True, folders=("/usr/lib/",))

    with pytest.raises(FenceError):
        fence(event, arguments)


def test_the_fence_lets_through_what_sending_needs():
    fence = Fence(allow_private=False, folders=("/usr/lib/",))

    fence("open", ("/usr/lib/python3/x.py", "r", 0))
    fence("open", (3, "r", 0))
    fence("socket.connect", (None, ("93.184.215.14", 443)))

    assert fence.refused == ""


def test_what_servers_repeat_of_an_address_is_taken_out():
    url = Secret("https://user:hunter2hunter2@hooks.test/services/T0K3N-abcdef?key=another-one")
    answer = "no such hook T0K3N-abcdef for hunter2hunter2\nat /services, another-one"

    text = scrubbed(answer, url)

    assert not any(part in text for part in ("T0K3N", "hunter2", "another-one"))


# Pictures


values = st.lists(st.none() | st.floats(0, 1e15), max_size=200)


@given(values)
def test_bars_are_one_block_for_each_part_and_dots_for_gaps(hour):
    line = bars(hour, width=24)

    assert set(line) <= set("▁▂▃▄▅▆▇█·")
    assert len(line) == (min(24, len(hour)) if any(one is not None for one in hour) else 0)


def test_bars_begin_at_zero_unless_all_that_moves_would_be_lost():
    assert bars([0.0, 50.0, 100.0]) == "▁▅█"
    assert bars([98.0, 99.0, 100.0])[0] != bars([98.0, 99.0, 100.0])[-1]
    assert bars([1.0, None, 1.0]) == "▁·▁" or bars([1.0, None, 1.0]).count("·") == 1


def test_the_picture_is_a_png_of_its_size_and_small():
    png = chart([40.0 + n % 30 for n in range(60)], bound=60.0, severity="critical")

    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", png[16:24]) == (WIDTH, HEIGHT)
    assert len(png) < 20_000
    begin = png.index(b"IDAT") + 4
    (length,) = struct.unpack(">I", png[begin - 8 : begin - 4])
    rows = zlib.decompress(png[begin : begin + length])
    assert len(rows) == HEIGHT * (1 + 3 * WIDTH)


@pytest.mark.parametrize(
    "hour", [[], [None], [None, None], [1.0], [5.0, 5.0], [0.0, 0.0], [None, 1.0, None, 2.0]]
)
def test_a_picture_is_drawn_only_of_what_is_known(hour):
    png = chart(hour, bound=None, severity="info")

    known = sum(one is not None for one in hour)
    assert (png is None) == (known < 2)


def test_a_week_shows_what_is_quiet_in_the_readers_clock():
    nights = Window(days=frozenset({4}), begins=time(22), ends=time(7), zone="Europe/Berlin")
    once = Interval(NOW, NOW + timedelta(hours=1))
    named = [("nights", Quiet(windows=(nights,))), ("once", Quiet(windows=(once,)))]

    week = week_of(named, now=NOW, zone=BERLIN)

    assert next(day.date.isoformat() for day in week) == "2026-11-23"
    friday, saturday = week[4], week[5]
    assert [(one.name, one.start) for one in friday.stripes] == [("nights", 91.67)]
    # Saturday: the night until seven, and an hour from eight minutes past two.
    assert [(one.name, one.start, one.width) for one in saturday.stripes] == [
        ("nights", 0.0, 29.17),
        ("once", 58.89, 4.17),
    ]
    assert [day.stripes for day in week[:4]] == [()] * 4


def test_a_day_of_25_hours_is_drawn_by_its_clock():
    nights = Window(days=frozenset(range(7)), begins=time(1), ends=time(4), zone="Europe/Berlin")
    sunday = datetime(2026, 10, 25, 12, tzinfo=UTC)

    week = week_of([("n", Quiet(windows=(nights,)))], now=sunday, zone=BERLIN)

    assert [(one.start, one.width) for one in week[6].stripes] == [(4.17, 12.5)]

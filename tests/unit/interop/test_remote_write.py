"""The remote-write message byte by byte, and what answers mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.interop.rules.answers import Verdict, pause_s, seconds_of, verdict_of
from apps.interop.rules.remote_write import Series, varint, write_request
from tests.standins.protobuf import fields, read_varint


def test_the_message_is_the_one_of_the_documentation():
    # {a="b"} 1.0 at 300 ms, written out by hand.
    label = b"\x0a\x01a\x12\x01b"
    sample = b"\x09\x00\x00\x00\x00\x00\x00\xf0\x3f\x10\xac\x02"
    series = b"\x0a\x06" + label + b"\x12\x0c" + sample

    message = write_request([Series({"a": "b"}, [(300, 1.0)])])

    assert message == b"\x0a" + bytes([len(series)]) + series


@given(
    st.dictionaries(st.text(min_size=1), st.text(), min_size=1),
    st.lists(st.tuples(st.integers(0, 2**62), st.floats(allow_nan=False))),
)
def test_any_series_reads_back_with_its_labels_in_order(labels, samples):
    ((number, series),) = fields(write_request([Series(labels, samples)]))

    inner = fields(series)
    read_labels = [fields(content) for field, content in inner if field == 1]
    read_samples = [fields(content) for field, content in inner if field == 2]
    assert number == 1
    assert [(k.decode(), v.decode()) for (_n, k), (_v, v) in read_labels] == sorted(labels.items())
    assert [(at, value) for (_v, value), (_t, at) in read_samples] == samples


@given(st.integers(0, 2**64 - 1))
def test_a_number_of_any_size_reads_back(number):
    assert read_varint(varint(number)) == (number, b"")


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.TAKEN),
        (204, Verdict.TAKEN),
        (0, Verdict.LATER),
        (429, Verdict.LATER),
        (500, Verdict.LATER),
        (503, Verdict.LATER),
        (400, Verdict.REFUSED),
        (413, Verdict.REFUSED),
        (422, Verdict.REFUSED),
        (401, Verdict.HELD),
        (403, Verdict.HELD),
        (404, Verdict.HELD),
        (302, Verdict.HELD),
    ],
)
def test_what_an_answer_means_for_the_samples(status, verdict):
    assert verdict_of(status) is verdict


def test_the_pause_doubles_up_to_five_minutes_and_heeds_the_receiver():
    assert [pause_s(n, retry_after_s=None) for n in (1, 2, 3, 20)] == [5.0, 10.0, 20.0, 300.0]
    assert pause_s(1, retry_after_s=60.0) == 60.0
    assert pause_s(4, retry_after_s=1.0) == 40.0
    assert pause_s(1, retry_after_s=86400.0) == 300.0


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("30", 30.0),
        (" 30 ", 30.0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 40.0),
        ("Thu, 01 Jan 1970 00:00:10 GMT", 0.0),
        ("soon", None),
        ("-5", None),
    ],
)
def test_a_retry_after_is_seconds_or_a_date(header, expected):
    assert seconds_of(header, now_s=60.0) == expected

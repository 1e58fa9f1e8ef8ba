"""Audit entries as RFC 5424 has them, and addresses of receivers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.forwarding.rules.addresses import host_and_port, is_web_address, place_of
from apps.forwarding.rules.pauses import LONGEST_PAUSE_S, pause_s
from apps.forwarding.rules.syslog import framed, message

RECORD = {
    "id": 7,
    "at": "2026-01-02T03:04:05.678901+00:00",
    "actor": "alice",
    "credential": "ci (dcep_x…)",
    "address": "192.0.2.1",
    "action": "registry.token",
    "target_kind": "repository",
    "target_id": "team/app",
    "target_label": "team/app",
    "result": "denied",
    "detail": {"requested": ["push"]},
}
# The grammar's header, structured data and a text that begins with the mark of UTF-8.
GRAMMAR = re.compile(
    rb"<(\d{1,3})>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)"
    rb" [!-~]{1,255} [!-~]{1,48} [!-~]{1,128} [!-~]{1,32}"
    rb' \[dce@32473(?: [a-z_]+="(?:[^"\\\]]|\\["\\\]])*")*\] \xef\xbb\xbf[^\n]*',
    re.DOTALL,
)


def test_a_message_says_all_of_an_entry():
    text = message(RECORD, host="portal.example")
    found = GRAMMAR.fullmatch(text)
    assert found
    assert int(found[1]) == 13 * 8 + 4
    assert b" portal.example dce-portal - registry.token " in text
    assert b'actor="alice"' in text
    assert text.endswith(b'{"requested":["push"]}')


def test_quotes_and_brackets_of_names_stay_in_their_value():
    text = message({**RECORD, "actor": 'a"b]c\\d\n'}, host="h")
    assert GRAMMAR.fullmatch(text)
    assert rb'actor="a\"b\]c\\d "' in text


@given(st.text(max_size=300), st.text(max_size=300), st.integers(300, 2048))
def test_any_name_gives_a_message_within_its_bound(actor, label, longest):
    record = {**RECORD, "actor": actor, "target_label": label}
    assert GRAMMAR.fullmatch(message(record, host="h", longest=1_000_000))
    cut = message(record, host="h", longest=longest)
    assert len(cut) <= longest
    cut.decode()


def test_frames_begin_with_their_length():
    assert framed(b"abc") == b"3 abc"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("logs.example:514", ("logs.example", 514)),
        ("[2001:db8::1]:6514", ("2001:db8::1", 6514)),
        ("logs.example", None),
        ("logs.example:0", None),
        ("logs.example:99999", None),
        ("logs.example:514/x", None),
        ("user@logs.example:514", None),
        ("[::1", None),
        ("", None),
    ],
)
def test_addresses_of_syslog(text, found):
    assert host_and_port(text) == found


def test_addresses_of_webhooks():
    assert is_web_address("https://siem.example/in")
    assert not is_web_address("ftp://siem.example")
    assert not is_web_address("https://u:p@siem.example/")
    assert not is_web_address("https://")
    assert place_of("https://SIEM.example/in") == place_of("https://siem.example/other")
    assert place_of("a:1") != place_of("b:1")


def test_pauses_double_up_to_a_bound():
    assert [pause_s(n) for n in (1, 2, 3)] == [5, 10, 20]
    assert pause_s(10_000) == LONGEST_PAUSE_S

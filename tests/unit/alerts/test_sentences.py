"""Rules and values in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from apps.alerts.rules.catalogue import FACTS, KIND_WORDS
from apps.alerts.rules.sentences import Wording, condition_in_words, span_in_words, value_in_words
from apps.alerts.rules.stock import STOCK_RULES

CPU = Wording(
    condition="threshold",
    metric="cpu_cores",
    unit="%",
    is_above=True,
    value=90,
    window_s=60,
    for_s=300,
    against="limit",
)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({}, "CPU is at or above 90 % of its limit, for 5 min"),
        (
            {"against": "absolute", "unit": "cores", "value": 1.5, "for_s": 0, "is_above": False},
            "CPU is at or below 1.50 cores",
        ),
        (
            {"condition": "rate", "unit": "cores/h", "value": 2, "window_s": 3600, "for_s": 0},
            "CPU grows by 2.00 cores/h or more, seen over 60 min",
        ),
        (
            {"condition": "absence", "unit": "s", "value": 300, "for_s": 0},
            "no sample came for 5 min",
        ),
        (
            {"condition": "time_to_full", "metric": "disk_used_bytes", "unit": "h", "value": 48},
            "disk used is expected to be full within 2 days, for 5 min",
        ),
        (
            {"condition": "event", "metric": "crash_loop", "unit": "times", "value": 3, "for_s": 0},
            "has tasks that failed: 3 times or more within 60 s",
        ),
        (
            {"condition": "event", "metric": "node_down", "unit": "yes", "value": 1},
            "is down, for 5 min",
        ),
    ],
)
def test_a_condition_reads_as_a_sentence(change: dict, sentence: str) -> None:
    assert condition_in_words(replace(CPU, **change)) == sentence


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (None, "%", "–"),
        (92.345, "%", "92.3 %"),
        (1, "yes", "yes"),
        (1.5 * 2**30, "bytes", "1.5 GiB"),
        (2**20, "bytes/s", "1.0 MiB/s"),
        (1, "times", "1 time"),
        (0, "managers", "0 managers"),
        (90, "s", "90 s"),
        (26, "h", "26 h"),
        (7, "d", "7 days"),
    ],
)
def test_a_value_has_its_unit(value: float | None, unit: str, words: str) -> None:
    assert value_in_words(value, unit) == words


def test_spans_have_the_fitting_unit() -> None:
    assert [span_in_words(span) for span in (0, 119, 120, 7200, 7 * 86400)] == [
        "0 s",
        "119 s",
        "2 min",
        "2 h",
        "7 days",
    ]


def test_every_ready_made_rule_can_be_meant() -> None:
    """Each names a fact or a metric that exists, of a kind that has it, and says what to do."""
    keys = [rule.stock_key for rule in STOCK_RULES]
    assert len(set(keys)) == len(keys)
    for rule in STOCK_RULES:
        assert rule.object_kind in KIND_WORDS
        assert len(rule.words) > 40
        if rule.condition == "event":
            assert rule.object_kind in FACTS[rule.metric].kinds, rule.stock_key

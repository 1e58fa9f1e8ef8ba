"""The registry of charts: what it promises, the tables have."""

from __future__ import annotations

import json

import pytest

from apps.metrics.charts import CHARTS, chart_of
from apps.metrics.measures import UNITS


@pytest.mark.parametrize("name", CHARTS)
def test_every_line_is_a_measure_in_the_charts_unit(name):
    chart = CHARTS[name]

    assert {UNITS[line.measure] for line in chart.lines} == {chart.unit}
    assert chart.whole == "" or UNITS[chart.whole] == chart.unit


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_says_what_it_measures(name):
    chart = CHARTS[name]

    assert str(chart.title)
    assert str(chart.meaning).endswith(".")
    assert all(str(line.label) for line in chart.lines)


def test_the_browser_gets_columns_of_equal_length():
    spec = json.loads(json.dumps(CHARTS["network"].spec()))

    assert spec["measures"] == ["network_rx_bps", "network_tx_bps"]
    assert len(spec["labels"]) == len(spec["colors"]) == 2
    assert spec["unit"] == "bytes/s"


def test_an_unknown_name_is_no_error_on_a_page():
    assert chart_of("mood") is CHARTS["cpu"]

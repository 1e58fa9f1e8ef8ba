"""Both text forms, read back by Prometheus' own client library."""

from __future__ import annotations

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from apps.interop.rules.exposition import add_histogram, number, render, wants_openmetrics
from apps.interop.rules.families import Family, Histogram, distinct, measure_name, written

READERS = {False: read_text, True: read_openmetrics}


def gauge(*points: tuple[str, float]) -> Family:
    family = Family("dce_node_load1", "gauge", "Load average of one minute.")
    for labels, value in points:
        family.add(value, labels)
    return family


def read(families: list[Family], *, is_openmetrics: bool):
    body = render(families, is_openmetrics=is_openmetrics).decode()
    return list(READERS[is_openmetrics](body))


@pytest.mark.parametrize("is_openmetrics", [False, True])
def test_a_gauge_comes_back_with_its_labels(is_openmetrics):
    (family,) = read(
        [gauge((written({"node": "a", "cluster": "b"}), 0.5))], is_openmetrics=is_openmetrics
    )

    assert (family.name, family.type) == ("dce_node_load1", "gauge")
    assert family.documentation == "Load average of one minute."
    assert [(one.labels, one.value) for one in family.samples] == [
        ({"node": "a", "cluster": "b"}, 0.5)
    ]


@pytest.mark.parametrize("is_openmetrics", [False, True])
def test_a_counter_ends_with_total_in_both_forms(is_openmetrics):
    dropped = Family("dce_samples_dropped", "counter", "Samples that were not taken.")
    dropped.add(7, written({"reason": "time"}))

    (family,) = read([dropped], is_openmetrics=is_openmetrics)

    assert family.type == "counter"
    assert [(one.name, one.value) for one in family.samples] == [("dce_samples_dropped_total", 7.0)]


@pytest.mark.parametrize("is_openmetrics", [False, True])
def test_a_histogram_adds_up(is_openmetrics):
    took = Family("dce_poll_duration_seconds", "histogram", "How long polls took.")
    add_histogram(took, Histogram((0.5, 1.0), (2, 3, 1), 4.5), written({"kind": "agent"}))

    (family,) = read([took], is_openmetrics=is_openmetrics)

    values = {
        (one.name.rpartition("_")[2], one.labels.get("le")): one.value for one in family.samples
    }
    assert family.type == "histogram"
    assert values == {
        ("bucket", "0.5"): 2,
        ("bucket", "1.0"): 5,
        ("bucket", "+Inf"): 6,
        ("sum", None): 4.5,
        ("count", None): 6,
    }


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n"), min_size=1))
def test_any_name_survives_as_a_label(name):
    for is_openmetrics in (False, True):
        (family,) = read([gauge((written({"node": name}), 1))], is_openmetrics=is_openmetrics)
        assert family.samples[0].labels == {"node": name}


@given(st.floats(allow_nan=False))
def test_any_number_survives(value):
    assert float(number(value)) == value


def test_special_numbers_are_written_as_prometheus_has_them():
    assert [number(one) for one in (nan, inf, -inf, 3.0, 0.1)] == [
        "NaN",
        "+Inf",
        "-Inf",
        "3",
        "0.1",
    ]


def test_a_family_without_points_and_an_unknown_value_are_absent():
    family = gauge()
    family.add(None, written({"node": "a"}))

    assert render([family], is_openmetrics=False) == b""
    assert render([family], is_openmetrics=True) == b"# EOF\n"


def test_labels_that_are_there_twice_count_once_and_the_rest_is_cut():
    families = [gauge(('node="a"', 1), ('node="a"', 2), ('node="b"', 3)), gauge(('node="c"', 4))]

    found = [(len(family.points), cut) for family, cut in distinct(families, most=2)]

    assert found == [(2, 1), (0, 1)]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", False),
        ("*/*", False),
        ("text/plain;version=0.0.4;q=0.5,*/*;q=0.1", False),
        ("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5", True),
        ("application/openmetrics-text;q=0.3,text/plain;q=0.9", False),
        ("application/openmetrics-text;q=nonsense", False),
    ],
)
def test_the_form_is_what_the_client_prefers(accept, expected):
    assert wants_openmetrics(accept) is expected


def test_measures_have_base_units_and_new_ones_keep_their_name():
    assert measure_name("node", "network_rx_bps") == "dce_node_network_receive_bytes_per_second"
    assert measure_name("volume", "files") == "dce_volume_files"

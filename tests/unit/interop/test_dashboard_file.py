"""The Grafana dashboard is what Grafana imports, and asks only for metrics that the portal has."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
FILE = CHECKOUT / "docs" / "grafana" / "dce-portal.json"
SOURCES = CHECKOUT / "apps" / "interop"
WIDTH = 24


@pytest.fixture(scope="module")
def dashboard():
    return json.loads(FILE.read_text(encoding="utf-8"))


def targets(dashboard):
    return [one for panel in dashboard["panels"] for one in panel.get("targets", ())]


def test_it_can_be_imported_anywhere(dashboard):
    assert dashboard["id"] is None  # Grafana gives one
    assert (dashboard["uid"], dashboard["schemaVersion"]) == ("dce-portal", 39)
    assert {"title", "tags", "time", "templating", "annotations", "panels"} <= dashboard.keys()
    (wanted,) = dashboard["__inputs"]
    assert (wanted["type"], wanted["pluginId"]) == ("datasource", "prometheus")
    used = {panel["type"] for panel in dashboard["panels"]} - {"row"}
    assert used <= {one["id"] for one in dashboard["__requires"] if one["type"] == "panel"}


def test_the_data_source_is_a_variable_everywhere(dashboard):
    variables = {one["name"]: one for one in dashboard["templating"]["list"]}
    assert (variables["datasource"]["type"], variables["datasource"]["query"]) == (
        "datasource",
        "prometheus",
    )
    asked = [
        one["datasource"]
        for one in [*dashboard["panels"], *targets(dashboard)]
        if "datasource" in one
    ]
    asked += [one["datasource"] for one in variables.values() if one["type"] == "query"]
    assert asked
    assert all(one == {"type": "prometheus", "uid": "${datasource}"} for one in asked)


def test_each_variable_that_is_used_is_there(dashboard):
    known = {one["name"] for one in dashboard["templating"]["list"]} | {"__rate_interval"}
    used = {name for one in targets(dashboard) for name in re.findall(r"\$(\w+)", one["expr"])}
    assert used <= known


def test_panels_have_a_number_a_title_and_a_place_of_their_own(dashboard):
    panels = dashboard["panels"]
    assert len({one["id"] for one in panels}) == len(panels)
    assert all(one["title"] for one in panels)
    assert all(one["description"] for one in panels if one["type"] != "row")
    places = [one["gridPos"] for one in panels]
    assert all(one["x"] >= 0 and one["x"] + one["w"] <= WIDTH for one in places)
    for one, other in combinations(places, 2):
        apart = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart or above, (one, other)


def test_each_metric_is_one_that_the_portal_writes(dashboard):
    source = "".join(path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.py"))
    names = {name for one in targets(dashboard) for name in re.findall(r"dce_\w+", one["expr"])}
    for name in names:
        plain = re.sub(r"_(total|bucket|count|sum)$", "", name)
        made = plain in source or re.sub(r"^dce_[a-z]+_", "", plain) in source
        assert made, name

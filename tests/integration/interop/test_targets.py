"""What Prometheus is told to scrape."""

from __future__ import annotations

import base64

import pytest
from django.test import Client

from apps.nodes.models import EngineEndpoint
from tests.factories.accounts import token_of
from tests.factories.cluster import NodeFactory
from tests.integration.interop.conftest import node_of

ADDRESS = "/api/v1/prometheus/targets"


def groups(person, *scopes: str, **query: object):
    secret = token_of(person, *(scopes or ("metrics.read",))).secret
    answer = Client(headers={"Authorization": f"Bearer {secret}"}).get(ADDRESS, query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_the_portal_and_each_node_are_told(cluster, viewer):
    node = node_of(cluster, 1)
    node.labels = {"zone-of": "a"}
    node.save()

    portal, own = groups(viewer)

    assert portal == {
        "targets": ["testserver"],
        "labels": {
            "__scheme__": "http",
            "__metrics_path__": "/metrics",
            "__meta_dce_kind": "portal",
        },
    }
    assert own["targets"] == ["10.0.0.1:9100"]
    assert own["labels"]["__meta_dce_node"] == "node-1"
    assert own["labels"]["__meta_dce_cluster"] == "prod"
    assert own["labels"]["__meta_dce_label_zone_of"] == "a"
    assert own["labels"]["__meta_dce_agent"] == ""


def test_the_port_and_the_kind_are_chosen(cluster, viewer):
    NodeFactory(cluster=cluster, address="fd00::7")

    (only,) = groups(viewer, kind="node", port=9323)

    assert only["targets"] == ["[fd00::7]:9323"]


def test_an_agent_is_named_and_a_node_without_an_address_is_not_there(cluster, viewer):
    node = NodeFactory(cluster=cluster, address="")
    NodeFactory(cluster=cluster, address="")
    EngineEndpoint.objects.create(kind="agent", url="tcp://10.1.1.1:12376", node=node)

    (only,) = groups(viewer, kind="node")

    assert only["targets"] == ["10.1.1.1:9100"]
    assert only["labels"]["__meta_dce_agent"] == "10.1.1.1:12376"


def test_it_is_one_query_for_any_number(cluster, viewer, django_assert_max_num_queries):
    for number in range(1, 8):
        node_of(cluster, number, containers=0)
    with django_assert_max_num_queries(20):
        assert len(groups(viewer, kind="node")) == 7


def test_prometheus_own_request_parameter_is_refused_by_name_where_it_is_wrong(viewer):
    secret = token_of(viewer, "metrics.read").secret
    script = Client(headers={"Authorization": f"Bearer {secret}"})
    for query in ({"kind": "planet"}, {"port": "0"}, {"port": "x"}):
        assert script.get(ADDRESS, query).status_code == 400


def test_a_slash_at_the_end_basic_and_api_read_are_taken_too(cluster, viewer):
    assert groups(viewer, "api.read")
    secret = token_of(viewer, "metrics.read").secret
    encoded = base64.b64encode(f"vera:{secret}".encode()).decode()
    script = Client(headers={"Authorization": f"Basic {encoded}"})
    assert script.get(f"{ADDRESS}/").status_code == 200


@pytest.mark.parametrize("scopes", [("registry.pull",), ("api.write",)])
def test_another_scope_opens_nothing(scopes, viewer):
    secret = token_of(viewer, *scopes).secret
    script = Client(headers={"Authorization": f"Bearer {secret}"})
    assert script.get(ADDRESS).status_code == 403


def test_mallory_is_refused_and_nobody_as_well(mallory):
    secret = token_of(mallory, "metrics.read").secret
    script = Client(headers={"Authorization": f"Bearer {secret}"})
    assert script.get(ADDRESS).status_code == 403
    assert Client().get(ADDRESS).status_code == 401
    bad = base64.b64encode(b"mallory:wrong").decode()
    assert Client(headers={"Authorization": f"Basic {bad}"}).get(ADDRESS).status_code == 401

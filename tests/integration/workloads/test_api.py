"""Services, stacks, tasks, containers and engines' images in the API."""

from __future__ import annotations

import pytest

from tests.factories.cluster import (
    ContainerFactory,
    ImageFactory,
    ServiceFactory,
    StackFactory,
    TaskFactory,
)

FACTORIES = {
    "services": ServiceFactory,
    "tasks": TaskFactory,
    "containers": ContainerFactory,
    "images": ImageFactory,
    "stacks": StackFactory,
}


@pytest.mark.parametrize("collection", FACTORIES)
def test_a_viewer_reads_lists_and_details_and_changes_nothing(collection, viewer, with_token):
    row = FACTORIES[collection]()
    script = with_token(viewer)
    listed = script.get(f"/api/v1/{collection}/").json()["results"]
    assert [item["id"] for item in listed] == [row.pk]
    assert script.get(listed[0]["url"]).json() == listed[0]
    assert script.delete(listed[0]["url"]).status_code in {403, 405}


@pytest.mark.parametrize("collection", FACTORIES)
def test_mallory_reads_none(collection, mallory, with_token):
    row = FACTORIES[collection]()
    script = with_token(mallory)
    assert script.get(f"/api/v1/{collection}/").status_code == 403
    assert script.get(f"/api/v1/{collection}/{row.pk}/").status_code == 403


@pytest.mark.parametrize("collection", FACTORIES)
def test_lists_narrow_to_a_cluster(collection, viewer, with_token):
    wanted, _other = FACTORIES[collection](), FACTORIES[collection]()
    cluster = getattr(wanted, "cluster_id", None) or wanted.node.cluster_id
    rows = with_token(viewer).get(f"/api/v1/{collection}/?cluster={cluster}").json()["results"]
    assert [row["id"] for row in rows] == [wanted.pk]


@pytest.mark.parametrize("collection", FACTORIES)
def test_lists_ask_as_many_queries_for_many_rows_as_for_few(collection, viewer, queries_of):
    FACTORIES[collection].create_batch(2)
    few = queries_of(viewer, f"/api/v1/{collection}/")
    FACTORIES[collection].create_batch(20)
    assert queries_of(viewer, f"/api/v1/{collection}/") == few

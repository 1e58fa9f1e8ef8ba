"""/metrics: who may scrape, what is in it, and that it stays bounded."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from apps.interop.models import RemoteWrite
from apps.interop.services import exposition
from apps.metrics.models import MetricObject
from dce_portal import figures
from tests.factories.accounts import OperationFactory, member_of, token_of
from tests.factories.registry import RepositoryFactory, TagFactory
from tests.integration.interop.conftest import NOW

pytestmark = [pytest.mark.usefixtures("_at_that_time"), pytest.mark.redis]
OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"


def scrape(person, *, accept: str = ""):
    secret = token_of(person, "metrics.read").secret
    headers = {"Authorization": f"Bearer {secret}", "Accept": accept}
    answer = Client(headers=headers).get("/metrics")
    assert answer.status_code == 200, answer.content
    return answer


def values(answer, *, read=read_text) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Every sample by its name and labels."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in read(answer.content.decode()):
        for one in family.samples:
            found.setdefault(one.name, {})[tuple(sorted(one.labels.items()))] = one.value
    return found


def only(points: dict, **labels: str) -> float:
    """The one value whose labels hold these."""
    (value,) = [v for key, v in points.items() if labels.items() <= dict(key).items()]
    return value


@pytest.fixture
def nodes(measured, own_redis):
    return measured(2)


def test_a_viewer_sees_nodes_services_stacks_and_containers(nodes, viewer):
    found = values(scrape(viewer))

    assert only(found["dce_node_up"], node="node-1") == 1
    assert only(found["dce_node_cpu_usage_cores"], node="node-1") == pytest.approx(1.0)
    assert only(found["dce_node_cpu_capacity_cores"], node="node-1") == 4
    assert only(found["dce_poll_lag_seconds"], node="node-2") == 10
    assert only(found["dce_service_tasks_desired"], service="shop_web", stack="shop") == 4
    assert only(found["dce_service_tasks_running"], service="shop_web") == 3
    assert only(found["dce_stack_tasks_desired"], stack="shop") == 4
    assert only(found["dce_cluster_cpu_usage_cores"], cluster="prod") == pytest.approx(2.0)
    memory = found["dce_container_memory_usage_bytes"]
    assert len(memory) == 4
    assert set(memory.values()) == {100 * 2**20}
    labels = dict(next(iter(memory)))
    assert labels.keys() == {"cluster", "node", "stack", "service", "container", "id"}
    assert set(found["dce_container_running"].values()) == {1}


def test_both_forms_say_the_same(nodes, viewer):
    text, openmetrics = scrape(viewer), scrape(viewer, accept=OPENMETRICS)

    assert text["Content-Type"].startswith("text/plain; version=0.0.4")
    assert openmetrics["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    told = values(text), values(openmetrics, read=read_openmetrics)
    for one in told:
        del one["dce_exposition_duration_seconds"]
    assert told[0] == told[1]


def test_mallory_scrapes_and_sees_nothing_of_others(nodes, mallory):
    found = values(scrape(mallory))

    assert found.keys() <= {
        "dce_redis_up",
        "dce_exposition_duration_seconds",
        "dce_exposition_series_left_out",
        "dce_exposition_objects_left_out",
    }
    assert b"node-1" not in scrape(mallory).content


def test_a_right_that_is_taken_away_counts_at_once(nodes, bob):
    member_of(bob, "viewer")
    assert "dce_node_up" in values(scrape(bob))
    bob.groups.clear()
    assert "dce_node_up" not in values(scrape(bob))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer dcep_x",
        "Basic !!!",
        "Basic " + base64.b64encode(b"vera:password").decode(),
    ],
)
def test_without_a_token_it_is_closed(header, viewer):
    answer = Client(headers={"Authorization": header}).get("/metrics")

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert b"dce_" not in answer.content


def test_a_session_does_not_open_it(viewer, signed_in):
    assert signed_in(viewer).get("/metrics").status_code == 401


def test_a_token_without_the_scope_is_refused_by_name(viewer):
    secret = token_of(viewer, "api.read", "registry.pull").secret
    answer = Client(headers={"Authorization": f"Bearer {secret}"}).get("/metrics")

    assert answer.status_code == 403
    assert b"metrics.read" in answer.content


@pytest.mark.parametrize("username", ["vera", ""])
def test_the_token_may_be_the_password_of_basic(username, nodes, viewer):
    secret = token_of(viewer, "metrics.read").secret
    encoded = base64.b64encode(f"{username}:{secret}".encode()).decode()
    answer = Client(headers={"Authorization": f"Basic {encoded}"}).get("/metrics")

    assert answer.status_code == 200
    assert "dce_node_up" in values(answer)


def test_somebody_elses_user_name_is_refused(viewer):
    secret = token_of(viewer, "metrics.read").secret
    encoded = base64.b64encode(f"alice:{secret}".encode()).decode()
    assert Client(headers={"Authorization": f"Basic {encoded}"}).get("/metrics").status_code == 401


def test_it_is_only_read(viewer):
    assert Client().post("/metrics").status_code == 405


def test_the_portal_tells_of_itself(nodes, operator, own_redis):
    OperationFactory(state="failed")
    own_redis.rpush("default", "a", "b")
    figures.count_dropped("time", 3)
    figures.tell_polls(
        0, {"bounds_s": [0.5], "kinds": {"agent": {"counts": [4, 1], "sum_s": 2.0, "failed": 1}}}
    )
    at_s = NOW.timestamp()
    own_redis.hset(figures.LIVE, "a:1", f'{{"at_s": {at_s - 5}, "sockets": 4, "conflated": 9}}')
    own_redis.hset(figures.LIVE, "a:2", f'{{"at_s": {at_s}, "sockets": 3, "conflated": 2}}')
    own_redis.hset(figures.LIVE, "ended", f'{{"at_s": {at_s - 99}, "sockets": 50}}')
    own_redis.hset(figures.LIVE, "strange", "no JSON")

    found = values(scrape(operator))

    assert only(found["dce_celery_queue_messages"], queue="default") == 2
    assert only(found["dce_celery_queue_messages"], queue="poll") == 0
    assert only(found["dce_samples_dropped_total"], reason="time") == 3
    assert only(found["dce_poll_duration_seconds_bucket"], le="+Inf", kind="agent") == 5
    assert only(found["dce_polls_failed_total"], kind="agent") == 1
    assert found["dce_live_sockets"] == {(): 7}
    assert found["dce_live_conflated_total"] == {(): 11}
    assert only(found["dce_operations"], state="failed") == 1
    assert only(found["dce_operations"], state="running") == 0


def test_the_portals_operations_are_not_a_viewers(nodes, viewer):
    assert "dce_operations" not in values(scrape(viewer))


def test_the_registry_is_told_as_far_as_grants_go(own_redis, alice, mallory, administrator):
    repository = RepositoryFactory(name="team/app")
    TagFactory.create_batch(3, repository=repository)
    alice.is_superuser = True
    alice.save()

    found = values(scrape(alice))

    assert only(found["dce_registry_repositories"], namespace="team") == 1
    assert only(found["dce_registry_tags"], namespace="team") == 3
    assert only(found["dce_registry_image_bytes"], namespace="team") > 0
    assert found["dce_registry_events_waiting"] == {(): 0}
    assert "dce_registry_tags" not in values(scrape(mallory))


def test_remote_write_targets_are_told_to_administrators(own_redis, administrator, viewer):
    RemoteWrite.objects.create(
        name="far",
        url="http://far.test/",
        state="behind",
        samples_sent=5,
        written_to=NOW - timedelta(minutes=2),
    )

    found = values(scrape(administrator))

    assert only(found["dce_remote_write_up"], target="far") == 0
    assert only(found["dce_remote_write_samples_total"], target="far") == 5
    assert only(found["dce_remote_write_lag_seconds"], target="far") == 120
    assert "dce_remote_write_up" not in values(scrape(viewer))


def test_without_redis_the_rest_is_told(measured, no_redis, viewer):
    measured(1)
    found = values(scrape(viewer))

    assert found["dce_redis_up"] == {(): 0}
    assert only(found["dce_node_up"], node="node-1") == 1
    assert "dce_celery_queue_messages" not in found


def test_old_figures_are_a_gap_and_not_the_last_value(nodes, viewer):
    with time_machine.travel(NOW + timedelta(minutes=2), tick=False):
        found = values(scrape(viewer))

    assert "dce_node_cpu_usage_cores" not in found
    assert only(found["dce_poll_lag_seconds"], node="node-1") == 130


def test_the_number_of_queries_does_not_grow(measured, own_redis, viewer):
    measured(1)
    few = queries(viewer)
    measured(12)
    assert queries(viewer) == few
    assert few <= 35


def queries(person) -> int:
    exposition.kept.forget()
    secret = token_of(person, "metrics.read").secret
    script = Client(headers={"Authorization": f"Bearer {secret}"})
    script.get("/metrics")
    exposition.kept.forget()
    with CaptureQueriesContext(connection) as found:
        assert script.get("/metrics").status_code == 200
    return len(found)


def test_a_second_scrape_within_seconds_is_the_first_ones_answer(nodes, viewer):
    first = scrape(viewer).content
    MetricObject.objects.all().delete()
    assert scrape(viewer).content == first


def test_what_is_too_much_is_left_out_and_counted(nodes, viewer, own_redis):
    families = {one.name: one for one in exposition.gather(viewer, at=NOW, most_series=20)}
    kept = sum(len(one.points) for one in families.values())
    cut = families["dce_exposition_series_left_out"].points[0][1]

    whole = exposition.gather(viewer, at=NOW)

    assert kept == 20 + 2
    assert cut == sum(len(one.points) for one in whole) - kept


def test_containers_are_left_out_before_nodes(nodes, viewer, own_redis):
    # 1 cluster, 2 nodes and 1 service are measured, and 4 containers.
    families = {one.name: one for one in exposition.gather(viewer, at=NOW, most_objects=5)}

    assert len(families["dce_node_memory_usage_bytes"].points) == 2
    assert len(families["dce_container_memory_usage_bytes"].points) == 1
    assert families["dce_exposition_objects_left_out"].points[0][1] == 3

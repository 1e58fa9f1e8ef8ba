"""The page of outlooks: what fills up first, the charts, how far to trust them; and who may see it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.metrics.models import MetricObject, Outlook, TimeToFull
from tests.factories.cluster import ClusterFactory
from tests.factories.usage_history import measured

ADDRESS = "/admin/metrics/outlook/"


@pytest.fixture(autouse=True)
def _staff(viewer, mallory):
    for person in (viewer, mallory):
        person.is_staff = True
        person.save()


@pytest.fixture
def usage(cluster) -> MetricObject:
    return measured("cluster", cluster.pk, at=timezone.now(), label="prod")


def over(row: MetricObject, number: int, *, hits: int, error: float) -> None:
    """A forecast whose day is over, against guesses that erred by 2 and by 1."""
    Outlook.objects.create(
        object=row,
        measure="cpu_cores",
        horizon_h=24,
        start_s=number * 3600,
        issued_at=timezone.now() - timedelta(hours=30 + number),
        packed=b"",
        known_hours=24,
        hits=hits,
        error=error,
        error_yesterday=2.0,
        error_last_value=1.0,
    )


def fills(row: MetricObject, *, days: float) -> None:
    moment = timezone.now() + timedelta(days=days)
    for threshold, share in ((90, 0.5), (100, 1.0)):
        TimeToFull.objects.create(
            object=row,
            measure="disk_used_bytes",
            threshold=threshold,
            expected_at=timezone.now() + timedelta(days=days * share),
            early_at=moment,
            late_at=moment,
            used=700,
            capacity=1000,
            issued_at=timezone.now(),
        )


def page_of(browser, **query: object) -> str:
    answer = browser.get(ADDRESS, query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_chart_for_each_measure_of_the_chosen_cluster(usage, cluster, viewer, signed_in):
    other = ClusterFactory(name="staging")

    page = page_of(signed_in(viewer), cluster=other.pk, horizon="7d")

    assert page.count('data-module="outlook"') == 5
    assert page.count(f'data-ref="{other.pk}"') == 5
    assert page.count('data-horizon="7d"') == 10  # the figures', and a button in each
    assert "No forecast is over yet" in page


def test_the_accuracy_is_a_mean_over_hours(usage, viewer, signed_in):
    over(usage, 1, hits=24, error=1.5)
    over(usage, 2, hits=12, error=0.5)

    page = page_of(signed_in(viewer))

    assert "75 %" in page  # 36 of 48 hours
    assert "50 % less" in page  # 1.0 against 2.0
    assert "0 % less" in page  # 1.0 against 1.0


def test_the_worst_is_first(usage, nodes, viewer, signed_in):
    for node, days in zip(nodes, (40, 4), strict=True):
        row = measured("node", node.pk, at=timezone.now(), cluster_ref=usage.ref)
        MetricObject.objects.filter(pk=row.pk).update(label=node.hostname)
        fills(row, days=days)

    page = page_of(signed_in(viewer))

    assert page.index("node-2</a>") < page.index("node-1</a>")
    assert "Full in about 4 days" in page
    assert "Full in about 40 days" in page


def test_the_queries_do_not_grow(usage, viewer, queries_of):
    few = queries_of(viewer, ADDRESS)
    for number in range(30):
        over(usage, number, hits=20, error=1.0)
        fills(measured("node", 500 + number, at=timezone.now(), cluster_ref=usage.ref), days=number)

    assert queries_of(viewer, ADDRESS) <= few + 1


def test_without_a_cluster_it_teaches(viewer, signed_in):
    assert "No cluster yet" in page_of(signed_in(viewer))


def test_mallory_is_refused_and_finds_no_way_to_it(usage, mallory, signed_in):
    browser = signed_in(mallory)

    assert browser.get(ADDRESS).status_code == 403
    assert ADDRESS not in browser.get("/admin/").content.decode()

"""The page, its CSV and the API: what they say, in how many queries, and to whom."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.metrics.models import QuietContainer, ServiceSizing
from tests.factories.cluster import ContainerFactory, ServiceFactory

pytestmark = pytest.mark.django_db

ADDRESS = "/admin/metrics/servicesizing/"
API = "/api/v1/right-sizing/"
MIB = 2**20


@pytest.fixture(autouse=True)
def _staff(viewer, mallory):
    for person in (viewer, mallory):
        person.is_staff = True
        person.save()


def sizing(service, **columns) -> ServiceSizing:
    """A service that reserves a core a task and needs a quarter."""
    usual = {
        "reckoned_at": timezone.now(),
        "days": 13.5,
        "tasks": 4,
        "verdict": "wide",
        "cpu_verdict": "wide",
        "cpu_p50": 0.05,
        "cpu_p95": 0.2,
        "cpu_highest": 0.4,
        "cpu_reservation": 1.0,
        "cpu_limit": 2.0,
        "cpu_suggested_reservation": 0.25,
        "cpu_suggested_limit": 0.5,
        "cpu_saving": 3.0,
        "memory_verdict": "fits",
        "memory_p50": 80.0 * MIB,
        "memory_p95": 90.0 * MIB,
        "memory_highest": 100.0 * MIB,
        "memory_reservation": 112.0 * MIB,
        "memory_limit": 128.0 * MIB,
        "memory_suggested_reservation": 112.0 * MIB,
        "memory_suggested_limit": 128.0 * MIB,
    }
    return ServiceSizing.objects.create(service=service, **{**usual, **columns})


@pytest.fixture
def wide(cluster) -> ServiceSizing:
    return sizing(cluster.services.get(name="shop"))


def page_of(browser, **query) -> str:
    answer = browser.get(ADDRESS, query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_says_what_is_reserved_what_is_used_and_what_to_do(wide, viewer, signed_in):
    page = page_of(signed_in(viewer))

    for text in ("P95 0.20", "<b>1.00</b>", "0.25</b>", "frees 3.00", "P95 90.0 MiB", "13.5 days"):
        assert text in page
    # Memory fits: the command leaves it alone.
    assert "docker service update --reserve-cpu 0.25 --limit-cpu 0.5 shop" in page
    assert "--reserve-memory" not in page
    assert "1 too wide" in page


def test_the_worst_is_chosen_and_found(wide, cluster, viewer, signed_in):
    tight = sizing(ServiceFactory(cluster=cluster, name="api"), verdict="tight", cpu_saving=-1.0)
    browser = signed_in(viewer)

    page = page_of(browser, verdict="tight")
    assert (">api</a>" in page, ">shop</a>" in page) == (True, False)
    page = page_of(browser, order="verdict")
    assert page.index(">api</a>") < page.index(">shop</a>")
    assert ">api</a>" not in page_of(browser, q="sho")
    assert "No service matches." in page_of(browser, cluster=tight.service.cluster_id + 1000)


@pytest.mark.parametrize(
    "query", [{"cluster": "x"}, {"page": "99999"}, {"order": "drop"}, {"q": "\0"}]
)
def test_an_address_that_means_nothing_shows_the_list(wide, viewer, signed_in, query):
    assert ">shop</a>" in page_of(signed_in(viewer), **query)


def test_a_held_back_service_says_so(wide, cluster, viewer, signed_in):
    service = ServiceFactory(cluster=cluster, name="slow")
    sizing(service, verdict="tight", cpu_throttled_share=0.31)

    page = page_of(signed_in(viewer), verdict="throttled")

    assert "held back 31 % of the time" in page
    assert ">shop</a>" not in page


def quiet(container, *, days, minutes=7 * 1440):
    since = timezone.now() - timedelta(days=days)
    return QuietContainer.objects.create(
        container=container,
        since_s=int(since.timestamp()),
        minutes=minutes,
        memory_bytes=50.0 * MIB,
    )


def test_idle_is_a_week_of_figures_and_nothing_done(wide, nodes, viewer, signed_in):
    idle, young, unseen = (
        ContainerFactory(node=nodes[0], name=name) for name in ("asleep", "young", "unseen")
    )
    quiet(idle, days=8)
    quiet(young, days=6)
    quiet(unseen, days=8, minutes=100)

    page = page_of(signed_in(viewer))

    assert ">asleep</a>" in page
    assert ">young</a>" not in page
    assert ">unseen</a>" not in page
    assert "50.0 MiB" in page


def test_an_empty_page_teaches(viewer, signed_in):
    assert "No service is known yet" in page_of(signed_in(viewer))


def test_the_queries_do_not_grow_with_the_services(wide, cluster, nodes, viewer, queries_of):
    few = queries_of(viewer, ADDRESS)
    for service in ServiceFactory.create_batch(60, cluster=cluster):
        sizing(service)
        quiet(ContainerFactory(node=nodes[0], service=service), days=9)

    assert queries_of(viewer, ADDRESS) <= few


def test_the_csv_has_plain_numbers_and_no_formulas(wide, cluster, viewer, signed_in):
    sizing(ServiceFactory(cluster=cluster, name="=cmd()"), cpu_p50=None)

    answer = signed_in(viewer).get(ADDRESS, {"format": "csv", "order": "name"})

    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert answer["Content-Type"].startswith("text/csv")
    assert [row["service"] for row in rows] == ["'=cmd()", "shop"]
    assert (rows[1]["cpu_p95"], rows[1]["memory_reservation"]) == ("0.2", str(112.0 * MIB))
    assert rows[0]["cpu_p50"] == ""


def test_the_api_tells_the_same(wide, viewer, with_token):
    script = with_token(viewer, "api.read")

    row = script.get(API, {"verdict": "wide"}).json()["results"][0]

    assert (row["service_name"], row["cpu_saving"], row["days"]) == ("shop", 3.0, 13.5)
    assert row["command"] == "docker service update --reserve-cpu 0.25 --limit-cpu 0.5 shop"
    assert script.get(f"{API}{row['id']}/").json() == row
    assert script.get(API, {"verdict": "tight"}).json()["results"] == []
    assert script.get(API, {"verdict": "nonsense"}).status_code == 400


def test_mallory_is_refused(wide, mallory, signed_in, with_token):
    browser = signed_in(mallory)

    assert browser.get(ADDRESS).status_code == 403
    assert browser.get(ADDRESS, {"format": "csv"}).status_code == 403
    assert browser.get(f"{ADDRESS}{wide.pk}/change/").status_code == 403
    assert ADDRESS not in browser.get("/admin/").content.decode()
    assert with_token(mallory, "api.read").get(API).status_code == 403
    assert browser.get(f"{API}{wide.pk}/").status_code == 403


def test_nobody_is_sent_to_sign_in(wide, client):
    answer = client.get(ADDRESS)

    assert answer.status_code == 302
    assert "/admin/login/" in answer["Location"]

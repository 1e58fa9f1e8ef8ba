"""The pages that charts stand on: a stack's, and all looks of a node's."""
# ruff: noqa: F811 - fixtures from the stage, named as arguments

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from apps.workloads.models import Stack
from tests.e2e.charts_stage import (
    CPU,
    GIB,
    STEP_S,
    database_first,  # noqa: F401 - a fixture
    one_request_at_a_time,  # noqa: F401 - a fixture
    open_charts,
    page,  # noqa: F401 - a fixture
    picture,
    point,
    sockets,  # noqa: F401 - a fixture
    world,  # noqa: F401 - a fixture
)
from tests.factories.cluster import ContainerFactory, ServiceFactory, StackFactory, TaskFactory
from tests.factories.usage import measured, sample_each

pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("database_first", "one_request_at_a_time"),
]


@pytest.fixture
def stack(world) -> Stack:
    """A stack of one service with two tasks, and its usage."""
    own = {"cluster": world.node.cluster, "stack": "shop"}
    service = ServiceFactory(
        name="shop_web", desired_tasks=2, running_tasks=2, cpu_limit=1, cpu_reservation=0.5, **own
    )
    TaskFactory(service=service, node=world.node, slot=1)
    TaskFactory(service=service, node=world.node, slot=2)
    ContainerFactory(node=world.node, service=service, stack="shop", name="shop_web.1.abc")
    stack = StackFactory(cluster=world.node.cluster, name="shop", observed_at=datetime.now(UTC))
    row = measured("stack", stack.pk, cpu_limit_cores=2, cluster_ref=world.node.cluster_id)
    # A limit is drawn once usage comes near it.
    moments = range(world.now_s - 900, world.now_s, STEP_S)
    sample_each(row, moments, cpu_cores=lambda at: 1.5, memory_bytes=lambda at: 0.5 * GIB)
    return stack


def test_a_stacks_page_draws_limit_and_reservation(page, live_server, stack):
    page.goto(f"{live_server.url}/admin/workloads/stack/{stack.pk}/change/")

    key = page.locator(f"{CPU} .dce-chart-key")
    expect(key).to_contain_text("limit")
    expect(key).to_contain_text("reserved")
    point(page, 200)
    # Two tasks that reserve half a core each; the limit is the sum of what was measured.
    expect(page.locator(f"{CPU} .dce-chart-readout")).to_contain_text("reserved 1.00 cores")
    expect(page.locator(f"{CPU} .dce-chart-readout")).to_contain_text("limit 2.00 cores")
    picture(page, "stack")


def test_stacks_are_found_in_the_sidebar(page, live_server, stack):
    page.goto(f"{live_server.url}/admin/")
    page.get_by_role("link", name="Stacks").click()
    expect(page.locator("#result_list")).to_contain_text("2 / 2")
    picture(page, "stacks")
    page.get_by_role("link", name="shop", exact=True).click()
    expect(page.locator(f"{CPU} canvas")).to_be_visible()


LOOKS = {
    "light": {"color_scheme": "light", "width": 1400, "locale": "en"},
    "dark-chinese": {"color_scheme": "dark", "width": 1400, "locale": "zh-hans"},
    "phone": {"color_scheme": "light", "width": 360, "locale": "en"},
}


@pytest.mark.parametrize("look", LOOKS)
def test_the_page_fits_and_is_drawn_by_day_and_night(look, page, live_server, world):
    choice = LOOKS[look]
    page.emulate_media(color_scheme=choice["color_scheme"])
    page.set_viewport_size({"width": choice["width"], "height": 1000})
    page.context.add_cookies(
        [{"name": "django_language", "value": choice["locale"], "url": live_server.url}]
    )
    open_charts(page, live_server, world, "?range=6h&compare=period")
    expect(page.locator(".dce-chart[data-metric] canvas")).to_have_count(6)
    expect(page.locator(f"{CPU} .dce-key-earlier")).to_be_visible()
    picture(page, look)

    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, "the page scrolls sideways"

"""The API's reference, a token's making and an operation's page, in a real browser under the portal's policy."""

from __future__ import annotations

import json

import pytest

from dce_portal.models import Operation
from dce_portal.operations import as_frame
from tests.factories.accounts import PASSWORD, OperationFactory

pytestmark = pytest.mark.browser

PUMP_MS = 50
LONGEST_WAIT_MS = 30_000


@pytest.fixture(scope="session", autouse=True)
def _database_first(django_db_setup):
    """The database is there before the server that reads it."""


@pytest.fixture
def page(chromium_page):
    """A page; whatever its console complains of, blocked scripts among it, fails the test."""
    complaints: list[str] = []
    chromium_page.on("pageerror", lambda error: complaints.append(str(error)))
    chromium_page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    yield chromium_page
    assert complaints == []


def sign_in(page, live_server, username: str) -> None:
    page.goto(f"{live_server.url}/admin/login/")
    page.fill("[name=username]", username)
    page.fill("[name=password]", PASSWORD)
    page.click("[type=submit]")
    page.wait_for_url(f"{live_server.url}/admin/")


def test_the_reference_renders_every_address(live_server, page):
    page.goto(f"{live_server.url}/api/v1/docs/")
    page.click("#operations-tag-nodes")
    page.wait_for_selector("#operations-nodes-nodes_drain_create")
    assert page.inner_text("h1.title, h2.title").startswith("DCE Portal")


def test_alice_makes_a_token_and_sees_its_login_line(live_server, alice, page):
    sign_in(page, live_server, "alice")
    page.goto(f"{live_server.url}/admin/accounts/personaltoken/add/")
    page.fill("[name=name]", "laptop")
    page.check("[name=scopes][value='registry.pull']")
    page.click("[name=_save]")
    page.wait_for_selector("text=docker login -u alice")
    key = alice.tokens.get().key
    assert f"dcep_{key}_" in page.inner_text("body")
    page.goto(f"{live_server.url}/admin/accounts/personaltoken/")
    assert f"dcep_{key}_" not in page.content()


def open_operation(page, live_server, on_socket) -> Operation:
    """The page of Alice's running operation; `on_socket` plays the live line, which Django's test server lacks."""
    from apps.accounts.models import User

    operation = OperationFactory(actor=User.objects.get(username="alice"), state="running")

    def play(socket) -> None:
        on_socket(socket)

    page.route_web_socket("**/ws/live/", play)
    silence = {"content_type": "text/event-stream", "body": ""}
    page.route("**/sse/live/**", lambda route: route.fulfill(**silence))
    sign_in(page, live_server, "alice")
    page.goto(f"{live_server.url}/admin/portal/operation/{operation.pk}/change/")
    return operation


def routed_socket(page, sockets):
    """The page's live line: its script opens it some time after the page is there."""
    waited_ms = 0
    while not sockets and waited_ms < LONGEST_WAIT_MS:
        page.wait_for_timeout(
            PUMP_MS
        )  # a routed socket is handed over only while Playwright is asked
        waited_ms += PUMP_MS
    (socket,) = sockets
    return socket


def test_an_operations_page_asks_while_there_is_no_live_line(live_server, alice, page):
    operation = open_operation(page, live_server, lambda socket: socket.close())
    rows = Operation.objects.filter(pk=operation.pk)
    page.wait_for_selector("text=No live connection at the moment")
    rows.update(log=[{"at": "2026-01-02T03:04:05Z", "text": "Asked the manager."}])
    page.wait_for_selector("text=Asked the manager.")
    rows.update(state="failed", error="No manager answered.")
    page.wait_for_selector("[data-field=state]:has-text('failed')")
    page.wait_for_selector("text=No manager answered.")


def test_an_operations_page_moves_with_the_live_line(live_server, alice, page):
    sockets = []
    operation = open_operation(page, live_server, sockets.append)
    topic = f"operation:{operation.pk}"
    socket = routed_socket(page, sockets)

    def send(seq: int) -> None:
        frame = {"type": "delta", "topic": topic, "seq": seq, "data": as_frame(operation)}
        socket.send(json.dumps(frame))

    operation.log = [{"at": "2026-01-02T03:04:05Z", "text": "<b>Asked</b> the manager."}]
    operation.progress_percent = 40
    send(1)
    page.wait_for_selector("text=03:04:05 <b>Asked</b> the manager.")
    assert page.locator("progress").evaluate("bar => [bar.hidden, bar.value]") == [False, 40]
    operation.state, operation.result = "succeeded", {"availability": "drain"}
    operation.save()
    send(2)
    page.wait_for_selector("[data-field=state]:has-text('succeeded')")
    page.wait_for_selector("text=drained")

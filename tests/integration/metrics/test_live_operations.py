"""An operation followed live: on the page's line, and at an address of its own."""

from __future__ import annotations

import json
import uuid

import pytest
from asgiref.sync import sync_to_async

from dce_portal.models import Operation
from dce_portal.operations import OperationRun, request_cancel
from tests.factories.accounts import OperationFactory
from tests.integration.metrics.test_live import TIMEOUT_S, line, subscribe, until

pytestmark = [pytest.mark.redis, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _redis(live_redis):
    return live_redis


@pytest.fixture
def operation(alice) -> Operation:
    return OperationFactory(actor=alice, state="running")


def topic_of(operation: Operation) -> str:
    return f"operation:{operation.pk}"


def address_of(operation: Operation) -> str:
    return f"/ws/operations/{operation.pk}/"


async def say(operation: Operation, text: str) -> None:
    await sync_to_async(OperationRun(operation).say)(text)


@pytest.mark.parametrize("who", ["alice", "operator"])
async def test_the_owner_and_who_may_view_operations_follow_it(who, operation, request):
    person = await sync_to_async(request.getfixturevalue)(who)
    async with line(person) as browser:
        await browser.connect()
        await subscribe(browser, topic_of(operation))
        await until(browser, "snapshot")

        await say(operation, "Asked the manager.")

        delta = await until(browser, "delta")
        assert delta["topic"] == topic_of(operation)
        assert delta["data"]["log"][-1]["text"] == "Asked the manager."


async def test_mallory_is_refused_and_learns_nothing(mallory, operation):
    async with line(mallory) as browser:
        await browser.connect()
        others = [topic_of(operation), f"operation:{uuid.uuid4()}", "operation:1 or 1"]
        await subscribe(browser, *others)
        assert [(await until(browser, "refused"))["topic"] for _ in others] == others

        await say(operation, "Asked the manager.")

        assert await browser.receive_nothing(timeout=0.5)


async def test_the_operations_own_address_needs_no_request(alice, operation):
    await say(operation, "first")
    async with line(alice, path=address_of(operation)) as browser:
        assert await browser.connect()
        snapshot = await until(browser, "snapshot")
        assert snapshot["frames"][0]["data"]["log"][-1]["text"] == "first"

        assert await sync_to_async(request_cancel)(operation)

        delta = await until(browser, "delta")
        assert (delta["topic"], delta["data"]["cancel_requested"]) == (topic_of(operation), True)


async def test_it_carries_that_one_operation_alone(alice, operation):
    other = await sync_to_async(OperationFactory)(actor=alice)
    async with line(alice, path=address_of(operation)) as browser:
        await browser.connect()
        await until(browser, "snapshot")
        await subscribe(browser, topic_of(other))
        assert (await until(browser, "error"))["code"] == "bad_request"
        await say(other, "elsewhere")
        assert await browser.receive_nothing(timeout=0.5)


async def test_mallory_is_turned_away_from_the_address(mallory, operation):
    async with line(mallory, path=address_of(operation)) as browser:
        await browser.connect()
        messages = [await browser.receive_output(timeout=TIMEOUT_S) for _ in range(3)]
        kinds = [json.loads(one["text"])["type"] for one in messages if "text" in one]
        assert sorted(kinds) == ["hello", "refused"]
        assert messages[-1]["code"] == 4403


async def test_nobody_is_told_to_sign_in(operation):
    async with line(None, path=address_of(operation)) as browser:
        await browser.connect()
        closing = await browser.receive_output(timeout=TIMEOUT_S)
        assert (closing["type"], closing["code"]) == ("websocket.close", 4401)

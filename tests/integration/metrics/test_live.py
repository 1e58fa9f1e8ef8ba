"""The live line on a real Redis: who may watch, what a browser that was away gets, the latest for slow ones."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient, Client

from dce_portal import live, live_session
from dce_portal.asgi import application
from dce_portal.live_watcher import SLACK_S
from tests.websocket import WebSocketClient

pytestmark = [pytest.mark.redis, pytest.mark.django_db(transaction=True)]

TIMEOUT_S = 30


@pytest.fixture(autouse=True)
def _redis(live_redis):
    return live_redis


@pytest.fixture
def topic(nodes) -> str:
    return f"node:{nodes[0].pk}"


def cookies_of(person) -> str:
    browser = Client()
    browser.force_login(person)
    return f"dce_session={browser.cookies['dce_session'].value}"


@asynccontextmanager
async def line(person, *, origin: str | None = None, path: str = "/ws/live/"):
    cookie = await sync_to_async(cookies_of)(person) if person else ""
    headers = [(b"host", b"portal.test"), (b"cookie", cookie.encode())]
    headers += [(b"origin", origin.encode())] if origin else []
    communicator = WebSocketClient(application, path, headers=headers)
    try:
        yield communicator
    finally:
        await communicator.disconnect()


async def until(communicator, kind: str) -> dict:
    """The next message of this kind; others are let pass."""
    while True:
        message = json.loads(await communicator.receive_text())
        if message["type"] == kind:
            return message


async def subscribe(communicator, *topics: str, since=None) -> None:
    request = {"type": "subscribe", "topics": list(topics), "since": since or {}}
    await communicator.send_text(json.dumps(request))


async def publish(topic: str, *values: int) -> None:
    for value in values:
        await sync_to_async(live.publish)(topic, {"value": value})


def seen(message: dict) -> list[int]:
    return [frame["data"]["value"] for frame in message["frames"]]


async def test_who_may_see_a_node_gets_its_frames(viewer, topic):
    await publish(topic, 1)
    async with line(viewer, origin="http://portal.test") as browser:
        assert await browser.connect()
        await subscribe(browser, topic)
        snapshot = await until(browser, "snapshot")
        assert seen(snapshot) == [1]

        await publish(topic, 2)

        delta = await until(browser, "delta")
        assert (delta["topic"], delta["seq"]) == (topic, snapshot["seq"] + 1)
        assert delta["data"] == {"value": 2}


async def test_mallory_is_refused(mallory, topic, cluster):
    async with line(mallory) as browser:
        await browser.connect()
        await subscribe(browser, topic, f"cluster:{cluster.pk}", "secrets:1", "node:1 or 1")

        refused = [(await until(browser, "refused"))["topic"] for _ in range(4)]

        assert refused == [topic, f"cluster:{cluster.pk}", "secrets:1", "node:1 or 1"]
        await publish(topic, 1)
        assert await browser.receive_nothing(timeout=0.5)


async def test_who_may_not_see_containers_may_not_watch_the_cluster_that_names_them(bob, cluster):
    from django.contrib.auth.models import Permission

    rights = Permission.objects.filter(codename__in=["view_cluster", "view_node"])
    await sync_to_async(bob.user_permissions.set)(await sync_to_async(list)(rights))
    async with line(bob) as browser:
        await browser.connect()
        await subscribe(browser, f"cluster:{cluster.pk}")

        assert (await until(browser, "refused"))["topic"] == f"cluster:{cluster.pk}"


async def test_nobody_is_told_to_sign_in_by_the_closing_code():
    async with line(None) as browser:
        await browser.connect()

        closing = await browser.receive_output(timeout=TIMEOUT_S)

        assert (closing["type"], closing["code"]) == ("websocket.close", 4401)


async def test_another_sites_page_is_turned_away(viewer):
    async with line(viewer, origin="http://evil.test") as browser:
        assert not await browser.connect()


async def test_a_browser_that_comes_back_misses_nothing(viewer, topic):
    await publish(topic, 1, 2)
    async with line(viewer) as browser:
        await browser.connect()
        await subscribe(browser, topic)
        last = (await until(browser, "snapshot"))["seq"]
    await publish(topic, 3, 4, 5)

    async with line(viewer) as browser:
        await browser.connect()
        await subscribe(browser, topic, since={topic: last})

        assert seen(await until(browser, "replay")) == [3, 4, 5]


async def test_a_browser_away_too_long_is_told_of_the_gap(viewer, topic, monkeypatch):
    monkeypatch.setattr(live, "RING_FRAMES", 2)
    await publish(topic, *range(1, 6))
    async with line(viewer) as browser:
        await browser.connect()
        await subscribe(browser, topic, since={topic: 1})

        snapshot = await until(browser, "snapshot")

        assert (snapshot["gap"], seen(snapshot)) == (True, [5])


async def number_from_a_minute_ago(topic, live_redis) -> None:
    """Numbers begin with the millisecond: those of this very one could be given again."""
    a_minute_ago = int(time.time() - 60) * 1000
    await sync_to_async(live_redis.set)(live.sequence_key(topic), a_minute_ago)


async def test_numbers_never_begin_anew(topic, live_redis):
    await number_from_a_minute_ago(topic, live_redis)
    before = await sync_to_async(live.publish)(topic, {"value": 1})
    await sync_to_async(live_redis.flushdb)()

    assert await sync_to_async(live.publish)(topic, {"value": 2}) > before


async def test_frames_that_redis_forgot_are_a_gap(viewer, topic, live_redis):
    await number_from_a_minute_ago(topic, live_redis)
    await publish(topic, 1, 2)
    last = await sync_to_async(live.publish)(topic, {"value": 3})
    await sync_to_async(live_redis.flushdb)()
    await publish(topic, 4)
    async with line(viewer) as browser:
        await browser.connect()
        await subscribe(browser, topic, since={topic: last})

        snapshot = await until(browser, "snapshot")

    assert (snapshot["gap"], seen(snapshot)) == (True, [4])


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '"x"', '{"type":"subscribe"}', '{"type":"sing","topics":["node:1"]}', "x" * 20_000],
)
async def test_nonsense_is_answered_and_the_line_goes_on(text, viewer, topic):
    async with line(viewer) as browser:
        await browser.connect()
        await browser.send_text(text)
        assert (await until(browser, "error"))["code"] == "bad_request"

        await subscribe(browser, topic)
        assert (await until(browser, "snapshot"))["topic"] == topic


async def test_too_many_topics_are_an_error(viewer, monkeypatch, nodes):
    monkeypatch.setattr(live_session, "MOST_TOPICS", 1)
    async with line(viewer) as browser:
        await browser.connect()
        await subscribe(browser, f"node:{nodes[0].pk}")
        await until(browser, "snapshot")
        await subscribe(browser, f"node:{nodes[1].pk}")

        assert (await until(browser, "error"))["code"] == "too_many_topics"


async def test_one_person_has_so_many_lines_and_no_more(viewer, monkeypatch):
    monkeypatch.setattr(live_session, "MOST_LINES_A_PERSON", 1)
    async with line(viewer) as first, line(viewer) as second:
        await first.connect()
        await until(first, "hello")
        await second.connect()

        closing = await second.receive_output(timeout=TIMEOUT_S)

    assert (closing["type"], closing["code"]) == ("websocket.close", 4429)


async def test_requests_come_at_a_bearable_pace(viewer, topic, monkeypatch):
    monkeypatch.setattr(live_session, "REQUESTS_A_S", 0)
    async with line(viewer) as browser:
        await browser.connect()
        for _ in range(live_session.REQUESTS_AT_ONCE + 2):
            await subscribe(browser, topic)

        assert (await until(browser, "error"))["code"] == "too_many_requests"


def test_the_numbers_of_a_topic_that_is_gone_are_forgotten_but_long_after_its_frames(topic):
    live.publish(topic, {"type": "usage"})
    frames_s, numbers_s = (
        live.client().ttl(key) for key in (live.ring_key(topic), live.sequence_key(topic))
    )
    assert 0 < frames_s < numbers_s


async def test_frames_come_once_a_second_and_none_of_usage_is_missing(viewer, topic):
    async with line(viewer) as browser:
        await browser.connect()
        await until(browser, "hello")
        await subscribe(browser, topic)
        await until(browser, "snapshot")
        began_s, messages, ats = time.monotonic(), 0, []
        for at in range(10):
            await sync_to_async(live.publish)(topic, {"type": "usage", "at": at, "values": {}})
            await asyncio.sleep(0.25)
        while 9 not in ats:
            message = json.loads(await browser.receive_text())
            messages += 1
            for one in message.get("messages", [message]):
                ats += [one["data"]["at"]] if "data" in one else [one["step"]["set"]["at"]]
        took_s = time.monotonic() - began_s

    assert ats == list(range(10))
    assert messages <= took_s + 1 + SLACK_S


async def events_of(response, count: int) -> list[tuple[str, dict]]:
    """The next events of a stream: id and message."""
    found = []
    async with asyncio.timeout(TIMEOUT_S):
        async for chunk in response.streaming_content:
            number, data = chunk.decode().strip().split("\n", 1)
            found.append((number.removeprefix("id: "), json.loads(data.removeprefix("data: "))))
            if len(found) == count:
                break
    return found


async def test_server_sent_events_carry_the_same_and_go_on_from_the_last_id(viewer, topic):
    await publish(topic, 1, 2)
    browser = AsyncClient()
    await browser.aforce_login(viewer)

    first = await browser.get("/sse/live/", {"topics": topic})
    [(number, snapshot)] = await events_of(first, 1)
    await first.streaming_content.aclose()
    assert (number, seen(snapshot)) == (f"{topic}={snapshot['seq']}", [2])
    await publish(topic, 3)
    second = await browser.get("/sse/live/", {"topics": topic}, headers={"last-event-id": number})
    [(_, replay)] = await events_of(second, 1)
    await second.streaming_content.aclose()

    assert second["Content-Type"] == "text/event-stream"
    assert seen(replay) == [3]


async def test_server_sent_events_refuse_whom_the_socket_refuses(mallory, topic):
    browser = AsyncClient()
    assert (await browser.get("/sse/live/", {"topics": topic})).status_code == 401
    await browser.aforce_login(mallory)
    assert (await browser.get("/sse/live/")).status_code == 400

    answer = await browser.get("/sse/live/", {"topics": topic})

    [(_, message)] = await events_of(answer, 1)
    await answer.streaming_content.aclose()
    assert message == {"type": "refused", "topic": topic}

"""The live line on a real Redis: who may watch, what a browser that was away gets, the latest for slow ones."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager

import pytest
import redis
from asgiref.sync import sync_to_async
from django.db import OperationalError
from django.test import AsyncClient, Client

from dce_portal import live, live_figures, live_hub, live_rights, live_rounds, live_session
from dce_portal.asgi import application
from dce_portal.live_hub import Hub, hub
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


async def test_numbers_never_begin_anew(topic, live_redis):
    before = await sync_to_async(live.publish)(topic, {"value": 1})
    await sync_to_async(live_redis.flushdb)()

    assert await sync_to_async(live.publish)(topic, {"value": 2}) > before


async def test_frames_that_redis_forgot_are_a_gap(viewer, topic, live_redis):
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


def of(person):
    """Whoever asks, the browser session is this person's."""

    def people(keys):
        return {key: person for key in keys if person is not None}

    return people


async def test_silence_is_filled_with_heartbeats_that_say_where_the_topics_stand(viewer, topic):
    ear = Hub(hub().url)
    ear.rounds.heartbeat_s = ear.rounds.round_s = 0.05
    session = live_session.LiveSession(ear, "key", of(viewer))
    session.watcher.pace_s = -1
    await publish(topic, 1)
    async for message in session.subscribe([topic], {}):
        last = json.loads(message)["seq"]
    messages = session.messages()

    heard = [json.loads(await anext(messages)) for _ in range(3)]

    assert [message["type"] for message in heard] == ["hello", "heartbeat", "heartbeat"]
    assert heard[-1]["seq"] == {topic: last}
    await messages.aclose()
    await session.close()


async def test_signing_out_ends_the_line(viewer, topic):
    here = {"key": viewer}
    ear = Hub(hub().url)
    ear.reviews.looked_every_s = 0.01
    session = live_session.LiveSession(ear, "key", lambda keys: here)
    session.watcher.holder.recheck_s = 0.01
    async for _ in session.subscribe([topic], {}):
        pass
    here.clear()

    async with asyncio.timeout(TIMEOUT_S):
        kinds = [json.loads(message)["type"] async for message in session.messages()]

    assert (kinds[0], session.closing) == ("hello", 4401)
    await session.close()


async def test_a_right_that_is_taken_away_ends_its_topic(viewer, topic):
    def people(keys):
        return {key: type(viewer).objects.get(pk=viewer.pk) for key in keys}

    ear = Hub(hub().url)
    ear.reviews.looked_every_s = 0.01
    session = live_session.LiveSession(ear, "key", people)
    session.watcher.pace_s, session.watcher.holder.recheck_s = -1, 0.01
    async for _ in session.subscribe([topic], {}):
        pass
    await sync_to_async(viewer.groups.clear)()

    async with asyncio.timeout(TIMEOUT_S):
        async for message in session.messages():
            if json.loads(message)["type"] == "refused":
                break

    assert topic not in session.sent
    await session.close()


async def test_nobody_goes_on_for_long_while_rights_cannot_be_asked(viewer, topic, monkeypatch):
    def people(keys):
        if broken:
            raise OperationalError("The database is gone.")
        return dict.fromkeys(keys, viewer)

    broken = []
    monkeypatch.setattr(live_rights, "UNCHECKED_S", 0.2)
    ear = Hub(hub().url)
    ear.reviews.looked_every_s = 0.01
    session = live_session.LiveSession(ear, "key", people)
    session.watcher.holder.recheck_s = 0.01
    async for _ in session.subscribe([topic], {}):
        pass
    broken.append(True)

    async with asyncio.timeout(TIMEOUT_S):
        async for _ in session.messages():
            pass

    assert session.closing == 4401
    await session.close()


async def test_one_person_has_so_many_lines_and_no_more(viewer, monkeypatch):
    monkeypatch.setattr(live_session, "MOST_LINES_A_PERSON", 1)
    async with line(viewer) as first, line(viewer) as second:
        await first.connect()
        await until(first, "hello")
        await second.connect()

        closing = await second.receive_output(timeout=TIMEOUT_S)

    assert (closing["type"], closing["code"]) == ("websocket.close", 4429)


async def test_requests_come_at_a_bearable_pace(viewer, topic):
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


async def test_a_slow_browser_finds_the_latest_and_no_queue(viewer, topic):
    ear = hub()
    session = live_session.LiveSession(ear, "key", of(viewer))
    async for _ in session.subscribe([topic], {}):
        pass
    messages = session.messages()
    await anext(messages)
    for value in range(100):
        await sync_to_async(live.publish)(topic, {"type": "usage", "at": value, "values": {}})
    async with asyncio.timeout(TIMEOUT_S):
        while '"at":99' not in ear.topics[topic].owed(1).text:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)

    async with asyncio.timeout(TIMEOUT_S):
        latest = json.loads(await anext(messages))

    assert latest["type"] == "snapshot"
    assert [frame["data"]["at"] for frame in latest["frames"]] == [99]
    await messages.aclose()
    await session.close()


async def test_who_takes_nothing_is_closed(viewer, topic, monkeypatch):
    monkeypatch.setattr(live_rounds, "MOST_BEHIND_S", 0.1)
    ear = Hub(hub().url)
    ear.rounds.round_s = 0.02
    session = live_session.LiveSession(ear, "key", of(viewer))
    broken = asyncio.Event()
    session.when_stuck(broken.set)
    messages = session.messages()
    await anext(messages)
    session.watcher.say('{"type":"x"}')
    await anext(messages)

    # The message is never taken: `messages` is not asked for another.
    async with asyncio.timeout(TIMEOUT_S):
        await broken.wait()

    assert (session.closing, ear.figures.closed_behind) == (4408, 1)
    await messages.aclose()
    await session.close()


async def test_the_hub_comes_back_and_reads_what_it_missed(viewer, topic, live_redis):
    session = live_session.LiveSession(hub(), "key", of(viewer))
    session.watcher.pace_s = -1
    await publish(topic, 1)
    async for _ in session.subscribe([topic], {}):
        pass
    messages = session.messages()
    await anext(messages)
    await sync_to_async(live_redis.client_kill_filter)(_type="pubsub")
    await publish(topic, 2, 3)

    heard = []
    async with asyncio.timeout(TIMEOUT_S):
        while not heard or heard[-1] != 3:
            message = json.loads(await anext(messages))
            for one in message.get("messages", [message]):
                heard += [one["data"]["value"]] if one["type"] == "delta" else []

    assert heard[-1] == 3
    await messages.aclose()
    await session.close()


async def test_frames_that_never_went_out_are_a_gap(viewer, topic, monkeypatch, live_redis):
    session = live_session.LiveSession(hub(), "key", of(viewer))
    session.watcher.pace_s = -1
    await publish(topic, 1)
    async for _ in session.subscribe([topic], {}):
        pass
    messages = session.messages()
    await anext(messages)
    with monkeypatch.context() as patch:
        nowhere = redis.Redis.from_url("unix:///nowhere/redis.sock")
        patch.setattr(live, "client", lambda: nowhere)
        await publish(topic, 2)
    await publish(topic, 3)

    async with asyncio.timeout(TIMEOUT_S):
        snapshot = json.loads(await anext(messages))

    assert (snapshot["type"], snapshot["gap"], seen(snapshot)) == ("snapshot", True, [3])
    await messages.aclose()
    await session.close()


async def test_a_redis_that_is_gone_is_told_and_its_return_as_well(
    viewer, topic, tmp_path, monkeypatch
):
    monkeypatch.setattr(live_rounds, "LATE_AFTER_S", 0.05)
    monkeypatch.setattr(live_hub, "FIRST_PAUSE_S", 0.01)
    where = tmp_path / "redis.sock"
    where.symlink_to(hub().url.removeprefix("unix://"))
    ear = Hub(f"unix://{where}")
    ear.rounds.round_s = 0.02
    session = live_session.LiveSession(ear, "key", of(viewer))
    session.watcher.pace_s = -1
    async for _ in session.subscribe([topic], {}):
        pass
    messages = session.messages()
    await anext(messages)
    target = where.readlink()
    where.unlink()
    await sync_to_async(live.client().client_kill_filter)(_type="pubsub")

    async with asyncio.timeout(TIMEOUT_S):
        assert json.loads(await anext(messages))["type"] == "late"
        await publish(topic, 5)
        where.symlink_to(target)
        back = json.loads(await anext(messages))

    told = back.get("messages", [back])
    assert {one["type"] for one in told} == {"heartbeat", "delta"}
    assert [one["data"] for one in told if one["type"] == "delta"] == [{"value": 5}]
    await messages.aclose()
    await session.close()


async def test_figures_are_the_sum_over_living_processes(viewer, topic, live_redis):
    dead = {"at_s": 1, "sockets": 7, "conflated": 7}
    alive = {"at_s": time.time(), "sockets": 3, "conflated": 2}
    await sync_to_async(live_redis.hset)("dce:live:figures", "a:1", json.dumps(dead))
    await sync_to_async(live_redis.hset)("dce:live:figures", "b:2", json.dumps(alive))
    session = live_session.LiveSession(hub(), "key", of(viewer))
    async for _ in session.subscribe([topic], {}):
        pass

    async with asyncio.timeout(TIMEOUT_S):
        while (found := await sync_to_async(live_figures.figures)())["sockets"] != 4:  # noqa: ASYNC110 - the other side is Redis
            await asyncio.sleep(0.05)

    assert (found["topics"], found["conflated"]) == (1, 2)
    await session.close()


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

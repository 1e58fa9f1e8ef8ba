"""A live session on a real Redis: its end, its pace, and what it tells when Redis was away."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
import redis
from asgiref.sync import sync_to_async
from django.db import OperationalError

from dce_portal import live, live_figures, live_hub, live_rights, live_rounds, live_session
from dce_portal.live_hub import Hub, hub
from tests.integration.metrics.test_live import TIMEOUT_S, publish, seen

pytestmark = [pytest.mark.redis, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _redis(live_redis):
    return live_redis


@pytest.fixture
def topic(nodes) -> str:
    return f"node:{nodes[0].pk}"


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

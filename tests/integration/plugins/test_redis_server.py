"""The Redis that the suite starts for itself."""

import pytest
import redis

pytestmark = pytest.mark.redis


def test_it_keeps_a_value(redis_server):
    with redis.Redis.from_url(redis_server.url) as client:
        client.set("colour", "blue")
        assert client.get("colour") == b"blue"


def test_its_databases_are_apart(redis_server):
    with (
        redis.Redis.from_url(redis_server.url_of(1)) as first,
        redis.Redis.from_url(redis_server.url_of(2)) as second,
    ):
        first.set("shape", "round")
        assert second.get("shape") is None


def test_it_listens_on_no_port(redis_server):
    with redis.Redis.from_url(redis_server.url) as client:
        assert client.config_get("port") == {"port": "0"}

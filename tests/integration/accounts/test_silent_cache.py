"""A Redis that takes connections and never answers: how often somebody who signs in waits for it."""

from __future__ import annotations

import socket
import tempfile
import threading
from pathlib import Path

import pytest
from django.test import Client

from tests.factories.accounts import PASSWORD

WAIT_S = 0.2


class Silent:
    """Counts who came, and leaves them waiting."""

    def __init__(self, path: Path) -> None:
        self.path, self.came = path, []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.thread = threading.Thread(target=self._take)
        self.thread.start()

    def _take(self) -> None:
        while True:
            try:
                self.came.append(self.listener.accept()[0])
            except OSError:
                return

    def end(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(timeout=10)
        for one in self.came:
            one.close()


@pytest.fixture
def silent_redis(settings):
    with tempfile.TemporaryDirectory(prefix="dce-silent-") as folder:
        silent = Silent(Path(folder) / "redis.sock")
        settings.REDIS_URL = f"unix://{silent.path}"
        settings.CACHES = {
            "default": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": settings.REDIS_URL,
                "OPTIONS": {"socket_timeout": WAIT_S, "socket_connect_timeout": WAIT_S},
            }
        }
        yield silent
        silent.end()


def test_signing_in_and_the_first_page_wait_for_it_once(silent_redis, alice):
    client = Client()
    form = {"username": "alice", "password": PASSWORD}
    assert client.post("/admin/login/", form).status_code == 302
    assert client.get("/admin/").status_code == 200
    assert len(silent_redis.came) == 1


def test_a_wrong_password_and_a_second_step_wait_no_more_often(silent_redis, alice, phone_of):
    phone = phone_of(alice)
    client = Client()
    client.post("/admin/login/", {"username": "alice", "password": "wrong"})
    client.post("/admin/login/", {"username": "alice", "password": PASSWORD})
    client.post("/admin/sign-in/step/", {"code": "000000"})
    client.post("/admin/sign-in/step/", {"code": phone.code()})
    assert client.get("/admin/security/").status_code == 200
    assert len(silent_redis.came) == 1

"""Every process is killed while clients push and engines are polled: nothing that was promised is lost.

That each process comes back at all is tested with the launcher.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import AbstractContextManager
from datetime import datetime

import pytest

from tests.e2e.docker_clients import Skopeo
from tests.e2e.site import Site, by_name, finished_operation, send_task
from tests.lab import images
from tests.lab.host import wait_until

pytestmark = [
    pytest.mark.portal,
    pytest.mark.lab,
    pytest.mark.registry,
    pytest.mark.clients,
]

PROGRAMS = ("web", "stream", "worker", "poll", "beat", "registry", "nginx", "redis")
REPOSITORY = "team/heal"
KNOWN_WITHIN_S = 60


class Pusher(AbstractContextManager["Pusher"]):
    """Pushes one tag after the other, and remembers those that the registry took."""

    def __init__(self, skopeo: Skopeo, *, archive: str, target: str) -> None:
        """Prepare; entering begins."""
        self.accepted: list[str] = []
        self.refused = 0
        self._skopeo, self._archive, self._target = skopeo, archive, target
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._push)

    def __enter__(self) -> Pusher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def wait_accepted(self, count: int) -> None:
        """Wait until so many more were taken."""
        wanted = len(self.accepted) + count
        wait_until(lambda: len(self.accepted) >= wanted, what="a push to be taken", timeout_s=60)

    def _push(self) -> None:
        number = 0
        while not self._done.is_set():
            number += 1
            target = f"docker://{self._target}:{number}"
            if self._skopeo.copy(f"docker-archive:{self._archive}", target).ok:
                self.accepted.append(str(number))
            else:
                self.refused += 1


@pytest.fixture
def pusher(site, tmp_path):
    """Alice, who pushes without a pause."""
    archive = tmp_path / "image.tar"
    archive.write_bytes(images.archive(images.BUSYBOX_IMAGE)[1])
    (tmp_path / "skopeo").mkdir()
    skopeo = Skopeo(tmp_path / "skopeo")
    assert skopeo.login(site.host, "alice", site.tokens["alice"]).ok
    return Pusher(skopeo, archive=str(archive), target=f"{site.host}/{REPOSITORY}")


def kill(site: Site, program: str) -> None:
    """kill -9, and wait until another one stands in its place and all is well."""
    old = site.process_ids()[program]
    os.kill(old, signal.SIGKILL)
    wait_until(
        lambda: site.process_ids().get(program, old) != old,
        what=f"{program} to run again",
        timeout_s=30,
    )
    site.wait_healthy()


def known_tags(site: Site) -> set[str]:
    """The repository's tags, as the catalogue has them."""
    return {row["name"] for row in site.api("alice").list("tags/", repository=REPOSITORY)}


def last_seen(site: Site) -> datetime:
    """When the node that was seen longest ago was seen."""
    nodes = site.api().list("nodes/")
    return min(datetime.fromisoformat(node["observed_at"]) for node in nodes)


def test_no_push_that_was_taken_is_lost(site, pusher):
    """A registry that is killed forgets events that it has not sent yet: the reconcile finds them."""
    with pusher:
        for program in PROGRAMS:
            pusher.wait_accepted(1)
            kill(site, program)
        pusher.wait_accepted(1)
    send_task(site, "apps.registry.tasks.reconcile_catalogue")
    wait_until(
        lambda: set(pusher.accepted) <= known_tags(site),
        what="every accepted tag in the catalogue",
        timeout_s=KNOWN_WITHIN_S,
    )


def test_polling_goes_on_after_the_poll_worker_and_redis_died(site, swarm_lab):
    for program in ("poll", "redis", "beat"):
        kill(site, program)
        before = last_seen(site)
        wait_until(
            lambda before=before: last_seen(site) > before,
            what=f"a poll of every node after {program} was killed",
            timeout_s=45,
        )


def test_an_operation_ends_even_if_its_worker_is_killed(site, mended_swarm):
    """Interrupted or not: it is done, or it says that it was not."""
    alice = site.api("alice")
    node = by_name(alice.list("nodes/"), "hostname")["eng2"]
    answer = alice.request("PATCH", f"nodes/{node['id']}/labels/", json={"labels": {"try": "1"}})
    assert answer.status_code == 202, answer.text
    kill(site, "worker")
    operation = finished_operation(alice, answer.headers["Location"], timeout_s=90)
    assert operation["state"] == "succeeded" or operation["error"], operation
    again = alice.request("PATCH", f"nodes/{node['id']}/labels/", json={"labels": {"try": None}})
    assert finished_operation(alice, again.headers["Location"])["state"] == "succeeded"
    assert "try" not in mended_swarm.nodes()["eng2"]["Spec"]["Labels"]

"""Engines that the settings name, and addresses that a person adds."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from apps.nodes.models import Cluster, EngineEndpoint
from apps.nodes.selectors import poll_targets
from apps.nodes.services import (
    adopt_configured_engines,
    check_engine_url,
    mark_unasked,
    onboarding,
)
from dce_portal.errors import InvalidInput
from tests.factories.cluster import ClusterFactory, NodeFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_local_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """This machine's own engine plays no part."""
    path = tmp_path / "docker.sock"
    monkeypatch.setattr(onboarding, "LOCAL_SOCKET", path)
    return path


def configure(settings: Any, *urls: str) -> None:
    ca = Path("/etc/dce/ca.pem")
    settings.CONFIGURATION = replace(settings.CONFIGURATION, docker_hosts=urls, docker_tls_ca=ca)


def test_the_settings_engines_become_addresses(settings: Any) -> None:
    configure(settings, "unix:///a", "tcp://10.0.0.5:2376")
    adopt_configured_engines()
    adopt_configured_engines()
    rows = set(EngineEndpoint.objects.values_list("url", "tls_ca", "from_settings"))
    assert rows == {
        ("unix:///a", "", True),
        ("tcp://10.0.0.5:2376", "/etc/dce/ca.pem", True),
    }


def test_an_engine_that_left_the_settings_is_asked_no_more(settings: Any) -> None:
    own = EngineEndpoint.objects.create(url="unix:///own")
    configure(settings, "unix:///a", "unix:///b")
    adopt_configured_engines()
    configure(settings, "unix:///b")
    adopt_configured_engines()
    asked = {target.addresses[0].url for target in poll_targets(shard=0, shards=1)}
    assert asked == {own.url, "unix:///b"}


def test_a_single_engine_without_an_address_is_no_longer_believed() -> None:
    engines = ClusterFactory(kind=Cluster.Kind.ENGINES)
    asked, unasked = NodeFactory(cluster=engines), NodeFactory(cluster=engines)
    EngineEndpoint.objects.create(url="unix:///a", node=asked, cluster=engines)
    mark_unasked()
    asked.refresh_from_db()
    unasked.refresh_from_db()
    assert (asked.stale_since, unasked.stale_since is None) == (None, False)
    assert "no address here" in unasked.stale_reason


def test_a_swarm_without_a_managers_address_is_no_longer_believed() -> None:
    asked, unasked = NodeFactory(), NodeFactory()
    EngineEndpoint.objects.create(url="unix:///a", cluster=asked.cluster, is_manager=True)
    EngineEndpoint.objects.create(url="unix:///b", cluster=unasked.cluster, is_manager=False)
    mark_unasked()
    since = Cluster.objects.get(pk=unasked.cluster.pk).stale_since
    mark_unasked()
    fresh, stale = (Cluster.objects.get(pk=node.cluster.pk) for node in (asked, unasked))
    assert (fresh.stale_since, stale.stale_since) == (None, since)
    unasked.refresh_from_db()
    assert "No manager of this Swarm" in unasked.stale_reason


def test_without_settings_this_machines_engine_is_taken(
    settings: Any, no_local_engine: Path
) -> None:
    configure(settings)
    adopt_configured_engines()
    assert not EngineEndpoint.objects.exists()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(no_local_engine))
        adopt_configured_engines()
    assert EngineEndpoint.objects.get().url == f"unix://{no_local_engine}"


def test_each_target_is_in_exactly_one_shard() -> None:
    urls = {f"unix:///{number}" for number in range(7)}
    for url in urls:
        EngineEndpoint.objects.create(url=url)
    asked = [
        target.addresses[0].url
        for shard in range(3)
        for target in poll_targets(shard=shard, shards=3)
    ]
    assert sorted(asked) == sorted(urls)


@pytest.mark.parametrize("url", ["unix:///run/docker.sock", "tcp://engine:2376", "tcp://[::1]:1"])
def test_good_addresses(url: str) -> None:
    check_engine_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://engine:2376",
        "tcp://engine",
        "unix://host/x",
        "tcp://a:1,tcp://b:1",
        "tcp://169.254.169.254:80",
        "tcp://[fe80::1%eth0]:2376",
    ],
)
def test_bad_addresses(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_engine_url(url)
    assert caught.value.field == "url"

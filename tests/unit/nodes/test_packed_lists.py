"""Lists come out of their packing as they went in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from apps.nodes.ports import ImageInfo
from apps.nodes.ports.packed_lists import PackedLists
from tests.factories.infos import container_info

IMAGE = ImageInfo(
    native_id="sha256:1",
    tags=("team/app:1", "team/app:latest"),
    digests=(),
    size_bytes=2**40,
    created_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    labels={"maintainer": "Zoë"},
)


def test_what_was_packed_comes_out_equal() -> None:
    container = replace(
        container_info("c1"), labels={"a": "1"}, ports=("80->80/tcp",), networks=("bridge", "net")
    )
    packed = PackedLists.of([container, container_info("c2")], [IMAGE], number=3)
    assert packed.number == 3
    assert packed.containers == (container, container_info("c2"))
    assert packed.images == (IMAGE,)


def test_an_empty_list_is_empty() -> None:
    assert PackedLists().containers == PackedLists.of([], [], number=1).images == ()


def test_thirty_alike_containers_take_few_bytes() -> None:
    containers = [container_info(f"{number:064x}") for number in range(30)]
    packed = PackedLists.of(containers, [], number=1)
    assert len(packed._containers) < 4096

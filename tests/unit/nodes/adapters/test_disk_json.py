"""What an engine's disk holds, in the shapes of API 1.41 to 1.51, and what prunes answer."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.nodes.adapters.engine.disk_json import (
    disk_usage_of,
    pruned_build_cache,
    pruned_containers,
    pruned_images,
    pruned_volumes,
    together,
)
from apps.nodes.adapters.engine.upkeep import calls_of
from apps.nodes.ports.upkeep import DiskShare, DiskUsage, PruneResult, PruneWish
from dce_portal.errors import Unavailable

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Images", "Volumes", "Size", "UsageData", "RefCount", "BuildCache", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def image(*tags: str, size: int = 100, shared: int = 0, containers: int = 0) -> dict[str, Any]:
    return {
        "Id": "sha256:1",
        "RepoTags": list(tags) or None,
        "RepoDigests": ["<none>@<none>"],
        "Size": size,
        "SharedSize": shared,
        "Containers": containers,
    }


def volume(name: str, *, refs: int, size: int = 10) -> dict[str, Any]:
    return {"Name": name, "UsageData": {"RefCount": refs, "Size": size}}


def test_an_engine_of_api_1_41() -> None:
    usage = disk_usage_of(
        {
            "LayersSize": 350,
            "Images": [
                image("used:1", containers=1),
                image("team/app:1", size=150, shared=50),
                image("<none>:<none>", size=30),
            ],
            "Containers": [
                {"State": "running", "SizeRw": 5},
                {"State": "exited", "SizeRw": 7},
                {"State": "created"},
            ],
            "Volumes": [volume("used", refs=1), volume("left", refs=0)],
            "BuildCache": [
                {"InUse": True, "Shared": False, "Size": 40},
                {"InUse": False, "Shared": False, "Size": 20},
                {"InUse": False, "Shared": True, "Size": 999},
            ],
            "BuilderSize": 60,
        }
    )
    assert usage.images == DiskShare(3, 350, 2, 130)
    assert usage.dangling_images == DiskShare(1, 30, 1, 30)
    assert usage.containers == DiskShare(3, 12, 2, 7)
    assert usage.volumes == DiskShare(2, 20, 1, 10)
    assert usage.build_cache == DiskShare(3, 60, 2, 20)
    assert (usage.unused_images, usage.unused_volumes) == (("team/app:1",), ("left",))


def test_newer_engines_leave_out_what_they_did_not_count() -> None:
    """-1 stands for "not counted": such a thing never looks unused, and never frees anything."""
    usage = disk_usage_of(
        {
            "LayersSize": 100,
            "Images": [image("a:1", shared=-1, containers=-1)],
            "Volumes": [volume("b", refs=-1, size=-1), {"Name": "c", "UsageData": None}],
            "Containers": None,
            "BuildCache": None,
        }
    )
    assert usage.images == DiskShare(1, 100, 0, 0)
    assert usage.volumes == DiskShare(2, 0, 0, 0)
    assert [one.size_bytes for one in usage.every_volume] == [None, None]
    assert usage.build_cache == DiskShare()


def test_a_builder_that_tells_only_its_sum() -> None:
    cache = disk_usage_of({"BuilderSize": 60}).build_cache
    assert cache == DiskShare(0, 60, 0, 60)


def test_what_is_kept_reads_back_the_same() -> None:
    usage = DiskUsage(images=DiskShare(1, 2, 3, 4), unused_images=("a:1",))
    assert DiskUsage.from_columns(usage.as_columns()) == usage
    assert "every_volume" not in usage.as_columns()
    assert DiskUsage.from_columns({"of_another_version": 1}) == DiskUsage()


@settings(max_examples=60)
@given(raw=ANY_JSON)
def test_garbage_is_read_or_refused_with_a_sentence(raw: object) -> None:
    with suppress(Unavailable):
        assert disk_usage_of(raw).images.free_bytes >= 0
    for read in (pruned_containers, pruned_images, pruned_volumes, pruned_build_cache):
        assert read(raw).freed_bytes >= 0


def test_no_answer_is_refused() -> None:
    with pytest.raises(Unavailable, match="cannot be read"):
        disk_usage_of([])


def test_what_prunes_answer_is_added_up() -> None:
    results = [
        pruned_containers({"ContainersDeleted": ["a", "b"], "SpaceReclaimed": 1}),
        pruned_images(
            {
                "ImagesDeleted": [{"Untagged": "a:1"}, {"Deleted": "sha256:1"}],
                "SpaceReclaimed": 20,
            }
        ),
        pruned_volumes({"VolumesDeleted": ["left"], "SpaceReclaimed": 300}),
        pruned_build_cache({"CachesDeleted": None, "SpaceReclaimed": 4000}),
    ]
    assert together(results) == PruneResult(4321, 2, 1, 1, 0, ("a:1", "left"))


def paths(wish: PruneWish, version: str = "1.41") -> list[str]:
    return [path for path, _filters, _read in calls_of(wish, api_version=version)]


def test_nothing_is_removed_that_was_not_chosen() -> None:
    assert paths(PruneWish()) == []
    assert paths(PruneWish(dangling_images=True)) == ["/images/prune"]
    assert PruneWish().is_empty


def test_containers_go_before_what_they_hold_on_to() -> None:
    every = PruneWish(True, True, True, True, True)
    assert paths(every) == [
        "/containers/prune",
        "/images/prune",
        "/volumes/prune",
        "/build/prune",
    ]


@pytest.mark.parametrize(
    ("wish", "version", "filters"),
    [
        (PruneWish(dangling_images=True), "1.41", {"dangling": "true"}),
        (PruneWish(unused_images=True), "1.51", {"dangling": "false"}),
        (PruneWish(unused_volumes=True), "1.41", {}),
        (PruneWish(unused_volumes=True), "1.42", {"all": "true"}),
        (PruneWish(unused_volumes=True), "1.51", {"all": "true"}),
    ],
)
def test_each_call_says_how_much(wish: PruneWish, version: str, filters: dict[str, str]) -> None:
    ((_path, found, _read),) = calls_of(wish, api_version=version)
    assert found == filters

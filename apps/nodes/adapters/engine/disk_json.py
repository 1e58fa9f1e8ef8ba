"""What `GET /system/df` and the prune calls say, in the shapes of API 1.41 to 1.51; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from apps.nodes.adapters.engine.engine_json import require_object
from apps.nodes.adapters.json_facts import Facts
from apps.nodes.ports.upkeep import DiskShare, DiskUsage, PruneResult, VolumeInfo

RUNNING = frozenset({"running", "paused", "restarting"})
MOST_NAMES = 1000
Size = Callable[[Facts], int]


def disk_usage_of(raw: object) -> DiskUsage:
    """`GET /system/df`."""
    df = require_object(raw, what="/system/df")
    images, volumes = df.parts("Images"), df.parts("Volumes")
    unused = [image for image in images if not is_in_use(image)]
    dangling = [image for image in unused if not names_of(image)]
    free_volumes = [volume for volume in volumes if volume_refs(volume) == 0]
    return DiskUsage(
        images=_share(images, unused, own_bytes, all_bytes=df.whole("LayersSize")),
        dangling_images=_share(dangling, dangling, own_bytes),
        containers=_containers(df.parts("Containers")),
        volumes=_share(volumes, free_volumes, volume_bytes),
        build_cache=_build_cache(df),
        unused_images=tuple(sorted({name for image in unused for name in names_of(image)}))[
            :MOST_NAMES
        ],
        unused_volumes=tuple(sorted(volume.text("Name") for volume in free_volumes))[:MOST_NAMES],
        every_volume=tuple(_volume(volume) for volume in volumes if volume.text("Name")),
    )


def _volume(volume: Facts) -> VolumeInfo:
    size = volume.part("UsageData").raw.get("Size")
    is_known = isinstance(size, int) and size >= 0
    return VolumeInfo(volume.text("Name"), volume.text("Driver"), size if is_known else None)


def _share(
    every: list[Facts], free: list[Facts], size: Size, *, all_bytes: int | None = None
) -> DiskShare:
    known = sum(map(size, every)) if all_bytes is None else all_bytes
    return DiskShare(len(every), known, len(free), sum(map(size, free)))


def is_in_use(image: Facts) -> bool:
    """Whether a container uses it; an engine that did not count (-1) is taken to use it."""
    return image.raw.get("Containers") != 0


def own_bytes(image: Facts) -> int:
    """What the image shares with no other: the least that its removal frees. -1 stands for not counted."""
    return max(image.whole("Size") - image.whole("SharedSize"), 0)


def names_of(image: Facts) -> list[str]:
    """Its tags and digests; engines write `<none>` for neither."""
    names = (*image.texts("RepoTags"), *image.texts("RepoDigests"))
    return [name for name in names if "<none>" not in name]


def _containers(containers: list[Facts]) -> DiskShare:
    stopped = [one for one in containers if one.text("State") not in RUNNING]
    return _share(containers, stopped, lambda one: one.whole("SizeRw"))


def volume_refs(volume: Facts) -> int:
    """How many containers use it; one where the engine did not count, so that it never looks unused."""
    refs = volume.part("UsageData").raw.get("RefCount")
    return refs if isinstance(refs, int) and refs >= 0 else 1


def volume_bytes(volume: Facts) -> int:
    """Its size; nothing where the driver does not tell."""
    return volume.part("UsageData").whole("Size")


def _build_cache(df: Facts) -> DiskShare:
    """Single records, and one sum where an engine tells no more."""
    records = df.parts("BuildCache")
    if not records:
        total = df.whole("BuilderSize")
        return DiskShare(size_bytes=total, free_bytes=total)
    free = [record for record in records if not record.true("InUse")]
    return DiskShare(len(records), _unshared(records), len(free), _unshared(free))


def _unshared(records: Iterable[Facts]) -> int:
    """What belongs to an image too is counted there."""
    return sum(record.whole("Size") for record in records if not record.true("Shared"))


def pruned_containers(raw: object) -> PruneResult:
    """`POST /containers/prune`."""
    answer = Facts(raw)
    return PruneResult(
        freed_bytes=answer.whole("SpaceReclaimed"),
        containers=len(answer.texts("ContainersDeleted")),
    )


def pruned_images(raw: object) -> PruneResult:
    """`POST /images/prune`: each image and layer that went, and each name that was taken off."""
    answer = Facts(raw)
    gone = answer.parts("ImagesDeleted")
    return PruneResult(
        freed_bytes=answer.whole("SpaceReclaimed"),
        images=sum("Deleted" in one for one in gone),
        names=tuple(one.text("Untagged", most=512) for one in gone if "Untagged" in one),
    )


def pruned_volumes(raw: object) -> PruneResult:
    """`POST /volumes/prune`."""
    answer = Facts(raw)
    names = answer.texts("VolumesDeleted")
    return PruneResult(freed_bytes=answer.whole("SpaceReclaimed"), volumes=len(names), names=names)


def pruned_build_cache(raw: object) -> PruneResult:
    """`POST /build/prune`."""
    answer = Facts(raw)
    return PruneResult(
        freed_bytes=answer.whole("SpaceReclaimed"), build_cache=len(answer.texts("CachesDeleted"))
    )


def together(results: Iterable[PruneResult]) -> PruneResult:
    """The sum of several calls."""
    every = list(results)
    return PruneResult(
        freed_bytes=sum(one.freed_bytes for one in every),
        containers=sum(one.containers for one in every),
        images=sum(one.images for one in every),
        volumes=sum(one.volumes for one in every),
        build_cache=sum(one.build_cache for one in every),
        names=tuple(name for one in every for name in one.names)[:MOST_NAMES],
    )

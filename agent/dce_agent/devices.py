"""Filesystems, disks and temperature sensors of the host."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from glob import glob
from math import isnan

from .files import number, read

SECTOR_BYTES = 512  # what diskstats counts in, whatever the disk's own sectors are
SKIPPED_DISKS = ("loop", "ram", "zram", "sr", "fd")
# Only these: asking a network filesystem whose server is gone would hang the sampler.
LOCAL_FILESYSTEMS = frozenset(
    {"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "jfs", "reiserfs", "vfat", "bcachefs"}
)

Figures = dict[str, float]
Statvfs = Callable[[str], os.statvfs_result]


def disks(*, proc: str, sys_root: str) -> Iterator[tuple[str, Figures]]:
    """Counters of whole disks; partitions are left out, being part of them."""
    for line in read(f"{proc}/diskstats").splitlines():
        words = line.split()
        name = words[2].decode()
        if not name.startswith(SKIPPED_DISKS) and os.path.isdir(f"{sys_root}/block/{name}"):
            yield name, _disk(words[3:])


def _disk(words: list[bytes]) -> Figures:
    return {
        "reads": number(words[0]),
        "read_bytes": number(words[2]) * SECTOR_BYTES,
        "writes": number(words[4]),
        "write_bytes": number(words[6]) * SECTOR_BYTES,
        "busy_s": number(words[9]) / 1e3,
    }


def filesystems(
    *, proc: str, root: str, statvfs: Statvfs = os.statvfs
) -> Iterator[tuple[str, Figures]]:
    """Local filesystems by mount point, each device once; ``root`` is where the host's is."""
    for point in _mount_points(proc):
        try:
            found = statvfs(f"{root}{point}" if root != "/" else point)
        except OSError:
            continue
        if found.f_blocks:
            yield point, _filesystem(found)


def _mount_points(proc: str) -> list[str]:
    """As the first process sees them, which is the host's own."""
    text = read(f"{proc}/1/mounts") or read(f"{proc}/mounts")
    points: dict[str, str] = {}
    for line in text.decode(errors="replace").splitlines():
        device, point, kind = line.split(" ")[:3]
        if kind in LOCAL_FILESYSTEMS and len(point) < len(points.get(device, point + "/")):
            points[device] = point
    return sorted(_unescaped(point) for point in points.values())


def _unescaped(point: str) -> str:
    """The kernel writes blanks in mount points as octal numbers."""
    return point.replace(r"\040", " ").replace(r"\011", "\t").replace(r"\134", "\\")


def _filesystem(found: os.statvfs_result) -> Figures:
    return {
        "size_bytes": found.f_blocks * found.f_frsize,
        "used_bytes": (found.f_blocks - found.f_bfree) * found.f_frsize,
        "available_bytes": found.f_bavail * found.f_frsize,
        "inodes": found.f_files,
        "inodes_used": found.f_files - found.f_ffree,
    }


def temperatures(sys_root: str) -> Iterator[tuple[str, Figures]]:
    """Sensors by chip and label; thermal zones where there is no sensor chip."""
    found = list(_sensors(sys_root)) or list(_zones(sys_root))
    for name, millidegrees in found:
        if not isnan(millidegrees):
            yield name, {"celsius": millidegrees / 1e3}


def _sensors(sys_root: str) -> Iterator[tuple[str, float]]:
    for path in sorted(glob(f"{sys_root}/class/hwmon/hwmon*/temp*_input")):
        folder, _, file = path.rpartition("/")
        label = _text(f"{folder}/{file.removesuffix('input')}label") or file.partition("_")[0]
        yield f"{_text(f'{folder}/name')} {label}", number(read(path))


def _zones(sys_root: str) -> Iterator[tuple[str, float]]:
    for folder in sorted(glob(f"{sys_root}/class/thermal/thermal_zone*")):
        yield _text(f"{folder}/type"), number(read(f"{folder}/temp"))


def _text(path: str) -> str:
    return read(path).decode(errors="replace").strip()

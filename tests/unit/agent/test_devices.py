import os

from dce_agent.devices import disks, filesystems, temperatures

MOUNTS = """\
/dev/vda1 / ext4 rw 0 0
/dev/vda1 /var/lib/docker ext4 rw 0 0
proc /proc proc rw 0 0
overlay /var/lib/docker/overlay2/x overlay rw 0 0
server:/share /mnt nfs4 rw 0 0
/dev/vdb /srv/my\\040data xfs rw 0 0
/dev/vdc /broken xfs rw 0 0
"""
FOUND = os.statvfs_result((4096, 4096, 1000, 400, 300, 50, 20, 20, 0, 255))


def statvfs(path):
    if path.endswith("/broken"):
        raise PermissionError
    return FOUND


def test_local_filesystems_are_listed_once_a_device(tree):
    tree.write("proc/1/mounts", MOUNTS)
    found = dict(filesystems(proc=tree.proc, root="/host", statvfs=statvfs))
    assert set(found) == {"/", "/srv/my data"}
    assert found["/"] == {
        "size_bytes": 4096000,
        "used_bytes": 600 * 4096,
        "available_bytes": 300 * 4096,
        "inodes": 50,
        "inodes_used": 30,
    }


def test_the_hosts_root_stands_before_each_mount_point(tree):
    asked = []
    tree.write("proc/1/mounts", MOUNTS)
    list(filesystems(proc=tree.proc, root="/host", statvfs=lambda p: asked.append(p) or FOUND))
    assert "/host/srv/my data" in asked


def test_whole_disks_are_counted(tree, tmp_path):
    tree.write(
        "proc/diskstats",
        " 254 0 vda 3107 422 429442 3001 1763 2321 184576 4379 0 3672 7725 0 0 0 0 533 344\n"
        " 254 1 vda1 3107 422 429442 3001 1763 2321 184576 4379 0 3672 7725 0 0 0 0 533 344\n"
        "   7 0 loop0 1 0 1 1 1 1 1 1 0 1 1\n",
    )
    for name in ("vda", "loop0"):
        (tmp_path / f"sys/block/{name}").mkdir(parents=True)
    assert dict(disks(proc=tree.proc, sys_root=tree.sys)) == {
        "vda": {
            "reads": 3107,
            "read_bytes": 429442 * 512,
            "writes": 1763,
            "write_bytes": 184576 * 512,
            "busy_s": 3.672,
        }
    }


def test_sensors_go_before_thermal_zones(tree):
    tree.write("sys/class/thermal/thermal_zone0/type", "x86_pkg_temp\n")
    tree.write("sys/class/thermal/thermal_zone0/temp", "51000\n")
    assert dict(temperatures(tree.sys)) == {"x86_pkg_temp": {"celsius": 51}}
    tree.write("sys/class/hwmon/hwmon0/name", "coretemp\n")
    tree.write("sys/class/hwmon/hwmon0/temp1_input", "47500\n")
    tree.write("sys/class/hwmon/hwmon0/temp1_label", "Package id 0\n")
    tree.write("sys/class/hwmon/hwmon0/temp2_input", "\n")
    assert dict(temperatures(tree.sys)) == {"coretemp Package id 0": {"celsius": 47.5}}


def test_a_machine_without_sensors_has_no_temperatures(tree):
    assert list(temperatures(tree.sys)) == []

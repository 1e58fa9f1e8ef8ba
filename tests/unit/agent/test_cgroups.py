"""Both versions of control groups give the same figures, wherever the groups lie."""

from math import isnan

import pytest

from dce_agent.cgroups import Locator, hierarchy_of

ONE, TWO = "1" * 64, "2" * 64
EXPECTED = {
    "cpu_s": 6.5,
    "cpu_user_s": 6.0,
    "cpu_system_s": 0.5,
    "cpu_throttled_s": 18.5,
    "cpu_periods": 320,
    "cpu_throttled_periods": 300,
    "memory_charged_bytes": 1552384,
    "memory_bytes": 503808,
    "swap_bytes": 4096,
    "oom_kills": 2,
    "block_read_bytes": 5096,
    "block_write_bytes": 57671700,
    "block_reads": 3,
    "block_writes": 59,
    "pids": 2,
}
PRESSURE = {
    "pressure_cpu_some_s": 4.0,
    "pressure_memory_some_s": 0.0002,
    "pressure_memory_full_s": 0.0001,
    "pressure_io_some_s": 0.08,
    "pressure_io_full_s": 0.07,
}


def test_a_version_2_group_is_read(tree):
    tree.add_group_v2("box")
    hierarchy = hierarchy_of(tree.sys)
    assert hierarchy.version == 2
    assert hierarchy.usage("box") == pytest.approx({**EXPECTED, **PRESSURE})


def test_a_version_1_group_is_read(tree):
    tree.add_group_v1("box")
    hierarchy = hierarchy_of(tree.sys)
    assert hierarchy.version == 1
    assert hierarchy.usage("box") == pytest.approx(EXPECTED)


def test_version_1_controllers_may_share_a_folder(tree):
    tree.add_group_v1("box", folders={"cpu": "cpu,cpuacct", "cpuacct": "cpu,cpuacct"})
    assert hierarchy_of(tree.sys).usage("box") == pytest.approx(EXPECTED)


def test_limits_of_version_2(tree):
    tree.add_group_v2("box")
    limits = hierarchy_of(tree.sys).limits("box")
    assert limits["cpu_limit_cores"] == 0.2
    assert limits["memory_limit_bytes"] == 67108864
    assert isnan(limits["pids_limit"])


def test_an_unlimited_version_2_group_has_no_limits(tree):
    tree.add_group_v2("box", **{"cpu.max": "max 100000\n", "memory.max": "max\n"})
    assert all(isnan(limit) for limit in hierarchy_of(tree.sys).limits("box").values())


def test_limits_of_version_1(tree):
    tree.add_group_v1("box")
    limits = hierarchy_of(tree.sys).limits("box")
    assert limits["cpu_limit_cores"] == 0.2
    assert isnan(limits["memory_limit_bytes"])
    assert limits["pids_limit"] == 100


def test_older_kernels_without_sums_over_groups_below_are_read(tree, tmp_path):
    tree.add_group_v1("box")
    (tmp_path / "sys/fs/cgroup/blkio/box/blkio.throttle.io_service_bytes_recursive").unlink()
    assert hierarchy_of(tree.sys).usage("box")["block_read_bytes"] == 1


def test_a_group_that_has_ended_has_no_figures(tree):
    tree.add_group_v2("box")
    assert hierarchy_of(tree.sys).usage("gone") == {}


def test_a_host_without_control_groups_has_no_hierarchy(tree):
    assert hierarchy_of(tree.sys) is None


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    "path",
    [
        f"system.slice/docker-{ONE}.scope",
        f"docker/{ONE}",
        f"custom.slice/custom-team.slice/docker-{ONE}.scope",
        f"docker/{TWO}/docker/{ONE}",
        f"system.slice/docker-{TWO}.scope/docker/{ONE}",
    ],
)
def test_a_container_is_found_under_any_driver_and_parent(tree, version, path):
    add = tree.add_group_v1 if version == 1 else tree.add_group_v2
    add(path)
    assert Locator(hierarchy_of(tree.sys)).paths([ONE]) == {ONE: path}


def test_a_group_below_a_container_is_not_taken_for_it(tree):
    tree.add_group_v2(f"docker/{ONE}")
    tree.add_group_v2(f"docker/{ONE}/init.scope")
    assert Locator(hierarchy_of(tree.sys)).paths([ONE]) == {ONE: f"docker/{ONE}"}


def test_a_container_that_moved_is_found_again_once_forgotten(tree):
    tree.add_group_v2(f"docker/{ONE}")
    locator = Locator(hierarchy_of(tree.sys))
    locator.paths([ONE])
    tree.remove_group(f"docker/{ONE}")
    tree.add_group_v2(f"other/{ONE}")
    assert locator.paths([ONE]) == {ONE: f"docker/{ONE}"}
    locator.forget(ONE)
    assert locator.paths([ONE]) == {ONE: f"other/{ONE}"}


def test_an_unknown_container_has_no_path(tree):
    tree.add_group_v2(f"docker/{ONE}")
    assert Locator(hierarchy_of(tree.sys)).paths([TWO]) == {}

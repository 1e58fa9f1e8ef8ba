import pytest

from dce_agent.cgroups import hierarchy_of
from dce_agent.containers import ContainerReader
from dce_agent.schema import CONTAINERS

ONE, TWO = "1" * 64, "2" * 64


@pytest.fixture
def reader(tree):
    tree.add_group_v2(f"docker/{ONE}")
    tree.add_process(1, namespace=1)
    tree.add_process(4242, namespace=2, received=500, sent=700)
    return ContainerReader(hierarchy_of(tree.sys), proc=tree.proc)


def figures(reader):
    (reading,) = reader.read([ONE])
    return CONTAINERS.figures(reading)


def test_a_container_has_usage_limits_and_network(reader):
    found = figures(reader)
    assert (found["cpu_s"], found["memory_limit_bytes"]) == (6.5, 67108864)
    assert (found["rx_bytes"], found["tx_bytes"], found["rx_errors"]) == (500, 700, 1)
    assert "pids_limit" not in found


def test_on_the_hosts_network_a_container_has_no_bytes_of_its_own(reader, tree):
    tree.add_process(4242, namespace=1, received=500)
    found = figures(reader)
    assert "rx_bytes" not in found
    assert found["cpu_s"] == 6.5


def test_the_hosts_network_is_known_where_the_first_process_is_closed_to_the_agent(
    reader, tree, tmp_path
):
    (tmp_path / "proc/1/ns/net").unlink()
    tree.add_process("self", namespace=1)
    tree.add_process(4242, namespace=1, received=500)
    assert "rx_bytes" not in figures(reader)
    tree.add_process(4242, namespace=2, received=500)
    (other,) = ContainerReader(hierarchy_of(tree.sys), proc=tree.proc).read([ONE])
    assert CONTAINERS.figures(other)["rx_bytes"] == 500


def test_another_process_is_taken_when_the_first_has_ended(reader, tree, tmp_path):
    figures(reader)
    (tmp_path / "proc/4242/net/dev").unlink()
    tree.write(f"sys/fs/cgroup/docker/{ONE}/cgroup.procs", "4711\n")
    tree.add_process(4711, namespace=2, received=900)
    assert figures(reader)["rx_bytes"] == 900


def test_a_container_that_does_not_run_is_left_out(reader):
    assert [reading.key for reading in reader.read([TWO, ONE])] == [ONE]


def test_a_run_after_the_end_is_another_epoch(reader, tree):
    (before,) = reader.read([ONE])
    tree.remove_group(f"docker/{ONE}")
    assert list(reader.read([ONE])) == []
    tree.add_group_v2(f"docker/{ONE}")
    (after,) = reader.read([ONE])
    assert after.epoch != before.epoch


def test_limits_are_read_again_after_a_change(reader, tree):
    assert figures(reader)["cpu_limit_cores"] == 0.2
    tree.write(f"sys/fs/cgroup/docker/{ONE}/cpu.max", "50000 100000\n")
    assert figures(reader)["cpu_limit_cores"] == 0.2
    reader.forget_limits(ONE)
    assert figures(reader)["cpu_limit_cores"] == 0.5

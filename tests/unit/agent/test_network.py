from dce_agent.network import interfaces, summed, uplinks

HEAD = "Inter-|   Receive  |  Transmit\n face |bytes packets errs drop |bytes packets\n"
LINE = "{name}: {rx} 1 0 0 0 0 0 0 {tx} 1 0 0 0 0 0 0\n"


def net_dev(tree, *names):
    lines = [LINE.format(name=name, rx=100, tx=10) for name in names]
    tree.write("proc/1/net/dev", HEAD + "".join(lines))
    return interfaces(f"{tree.proc}/1/net/dev")


def test_loopback_and_containers_cables_are_left_out(tree):
    assert set(net_dev(tree, "lo", "eth0", "veth577e45a", "docker0")) == {"eth0", "docker0"}


def test_a_process_that_has_ended_has_no_interfaces(tree):
    assert interfaces(f"{tree.proc}/7/net/dev") is None
    assert summed([]) == {}


def test_the_hosts_traffic_is_that_of_its_cards(tree, tmp_path):
    found = net_dev(tree, "eth0", "eth1", "bond0", "docker0")
    for card in ("eth0", "eth1"):
        (tmp_path / f"sys/class/net/{card}/device").mkdir(parents=True)
    assert uplinks(found, sys_root=tree.sys)["uplink_rx_bytes"] == 200


def test_without_cards_bridges_and_tunnels_are_left_out(tree):
    found = net_dev(tree, "ens3", "docker0", "br-1234")
    assert uplinks(found, sys_root=tree.sys) == {"uplink_rx_bytes": 100, "uplink_tx_bytes": 10}


def test_without_any_interface_there_is_no_figure(tree):
    assert uplinks(net_dev(tree, "lo"), sys_root=tree.sys) == {}

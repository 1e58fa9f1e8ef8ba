"""Small trees of kernel files, as hosts with either version of control groups show them."""

import pytest

CGROUP_V2 = {
    "cgroup.controllers": "cpuset cpu io memory pids\n",
}
GROUP_V2 = {
    "cpu.stat": "usage_usec 6500000\nuser_usec 6000000\nsystem_usec 500000\nnice_usec 0\n"
    "nr_periods 320\nnr_throttled 300\nthrottled_usec 18500000\n",
    "cpu.max": "20000 100000\n",
    "cpu.pressure": "some avg10=80.00 avg60=60.00 avg300=30.00 total=4000000\n"
    "full avg10=70.00 avg60=50.00 avg300=20.00 total=3000000\n",
    "memory.pressure": "some avg10=0.00 avg60=0.00 avg300=0.00 total=200\n"
    "full avg10=0.00 avg60=0.00 avg300=0.00 total=100\n",
    "io.pressure": "some avg10=0.03 avg60=0.09 avg300=0.03 total=80000\n"
    "full avg10=0.03 avg60=0.09 avg300=0.03 total=70000\n",
    "memory.current": "1552384\n",
    "memory.stat": "anon 114688\nfile 1048576\ninactive_anon 77\ninactive_file 1048576\nactive_file 0\n",
    "memory.max": "67108864\n",
    "memory.swap.current": "4096\n",
    "memory.events": "low 0\nhigh 0\nmax 3\noom 2\noom_kill 2\noom_group_kill 0\n",
    "io.stat": "11:0 \n254:0 rbytes=4096 wbytes=57671680 rios=1 wios=56 dbytes=0 dios=0\n"
    "254:16 rbytes=1000 wbytes=20 rios=2 wios=3 dbytes=0 dios=0\n",
    "pids.current": "2\n",
    "pids.max": "max\n",
    "cgroup.procs": "4711\n4242\n",
}
GROUP_V1 = {
    "cpuacct": {
        "cpuacct.usage": "6500000000\n",
        "cpuacct.stat": "user 600\nsystem 50\n",
    },
    "cpu": {
        "cpu.stat": "nr_periods 320\nnr_throttled 300\nthrottled_time 18500000000\n",
        "cpu.cfs_quota_us": "20000\n",
        "cpu.cfs_period_us": "100000\n",
    },
    "memory": {
        "memory.usage_in_bytes": "1552384\n",
        "memory.stat": "cache 1\ninactive_file 12\nswap 1\ntotal_cache 1048576\ntotal_swap 4096\n"
        "total_inactive_file 1048576\n",
        "memory.limit_in_bytes": "9223372036854771712\n",
        "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
        "cgroup.procs": "4711\n4242\n",
    },
    "blkio": {
        "blkio.throttle.io_service_bytes": "254:0 Read 1\nTotal 1\n",
        "blkio.throttle.io_service_bytes_recursive": "254:0 Read 4096\n254:0 Write 57671680\n"
        "254:0 Total 57675776\n254:16 Read 1000\n254:16 Write 20\nTotal 57676796\n",
        "blkio.throttle.io_serviced": "254:0 Read 3\n254:0 Write 59\nTotal 62\n",
    },
    "pids": {"pids.current": "2\n", "pids.max": "100\n"},
}
NET_DEV_HEAD = "Inter-|   Receive  |  Transmit\n face |bytes packets errs drop |bytes packets\n"


class Tree:
    """A host's /proc and /sys below one folder."""

    def __init__(self, folder):
        self.proc, self.sys = f"{folder}/proc", f"{folder}/sys"
        self._folder = folder

    def write(self, path, text):
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def remove_group(self, path):
        for file in (self._folder / "sys/fs/cgroup" / path).iterdir():
            file.unlink()
        (self._folder / "sys/fs/cgroup" / path).rmdir()

    def add_group_v2(self, path, **changes):
        for name, text in {**CGROUP_V2}.items():
            self.write(f"sys/fs/cgroup/{name}", text)
        for name, text in {**GROUP_V2, **changes}.items():
            self.write(f"sys/fs/cgroup/{path}/{name}", text)

    def add_group_v1(self, path, *, folders=None):
        for controller, files in GROUP_V1.items():
            folder = (folders or {}).get(controller, controller)
            for name, text in files.items():
                self.write(f"sys/fs/cgroup/{folder}/{path}/{name}", text)

    def add_process(self, pid, *, namespace, received=0, sent=0):
        counters = f"  eth0: {received} 10 1 2 0 0 0 0 {sent} 20 3 4 0 0 0 0\n"
        loopback = "    lo: 999 9 0 0 0 0 0 0 999 9 0 0 0 0 0 0\n"
        self.write(f"proc/{pid}/net/dev", NET_DEV_HEAD + loopback + counters)
        link = self._folder / f"proc/{pid}/ns/net"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(f"net:[{namespace}]")


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)

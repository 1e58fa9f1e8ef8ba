import pytest

from dce_agent.host import cpu_count, host_figures

STAT = "cpu  9000 10 6000 12600 100 5 80 3 0 0\ncpu0 1 0 0 0 0 0 0 0 0 0\ncpu1 1 0 0 0 0 0 0 0 0 0\nintr 1\n"
MEMINFO = (
    "MemTotal:        2977208 kB\nMemFree:         2583300 kB\nMemAvailable:    2678440 kB\n"
    "Buffers:            6728 kB\nCached:           220920 kB\nSwapCached:            9 kB\n"
    "SwapTotal:          2000 kB\nSwapFree:           1500 kB\nSReclaimable:       80 kB\n"
)


@pytest.fixture
def figures(tree):
    tree.write("proc/stat", STAT)
    tree.write("proc/loadavg", "1.74 1.36 0.64 2/146 1170\n")
    tree.write("proc/meminfo", MEMINFO)
    tree.write("proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=5000000\n")
    return host_figures(tree.proc)


def test_processor_time_is_in_seconds_by_mode(figures):
    assert figures["cpu_user_s"] == 90
    assert figures["cpu_iowait_s"] == 1
    assert figures["cpu_steal_s"] == 0.03


def test_memory_is_in_bytes(figures):
    assert figures["memory_total_bytes"] == 2977208 * 1024
    assert figures["memory_cached_bytes"] == 221000 * 1024
    assert figures["swap_used_bytes"] == 500 * 1024


def test_load_and_pressure(figures):
    assert (figures["load_1m"], figures["load_15m"]) == (1.74, 0.64)
    assert figures["pressure_cpu_some_s"] == 5
    assert figures["pressure_io_some_s"] != figures["pressure_io_some_s"]  # NaN: not told here


def test_processors_are_counted(tree, figures):
    assert cpu_count(tree.proc) == 2

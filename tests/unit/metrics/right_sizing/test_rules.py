"""What is suggested, when a service is too tight or too wide, and what that frees."""

from __future__ import annotations

import pytest

from apps.metrics.right_sizing import rules
from apps.metrics.right_sizing.rules import GIB, MIB, Promise, Use, cpu_advice, memory_advice

DAYS = 5.0


def cpu(*, reservation=0.0, limit=0.0, tasks=1, days=DAYS, **use):
    use = {"p50": 0.1, "p95": 0.2, "highest": 0.4, **use}
    promise = Promise(reservation=reservation, limit=limit)
    return cpu_advice(Use(**use), promise, tasks=tasks, days=days)


def memory(*, reservation=0, limit=0, tasks=1, days=DAYS, highest=100 * MIB, p95=90 * MIB):
    use = Use(p50=80 * MIB, p95=p95, highest=highest)
    return memory_advice(use, Promise(reservation=reservation, limit=limit), tasks=tasks, days=days)


def test_cpu_covers_the_95th_percentile_and_limits_the_highest():
    suggested = cpu().suggested

    # 0.2 × 1.15 = 0.23 → 0.25; 0.4 × 1.25 = 0.5, which is a step already.
    assert (suggested.reservation, suggested.limit) == (0.25, 0.5)


def test_memory_covers_the_highest_since_it_cannot_be_taken_back():
    suggested = memory().suggested

    # 110 MiB and 125 MiB, in steps of 16 MiB.
    assert (suggested.reservation, suggested.limit) == (112 * MIB, 128 * MIB)


def test_what_is_reserved_and_not_used_is_freed_in_every_task():
    advice = cpu(reservation=1.0, limit=2.0, tasks=10)

    assert advice.verdict == "wide"
    assert advice.saving == pytest.approx(7.5)


def test_more_used_than_reserved_is_tight_and_costs():
    advice = cpu(reservation=0.5, p95=1.0, highest=1.2, tasks=2)

    assert advice.verdict == "tight"
    # 1.15 → 1.2 for each of two tasks, of which 0.5 is reserved.
    assert advice.saving == pytest.approx(2 * (0.5 - 1.2))


def test_memory_near_its_limit_is_tight():
    assert memory(reservation=112 * MIB, limit=110 * MIB).verdict == "tight"
    assert memory(reservation=112 * MIB, limit=128 * MIB).verdict == "fits"


def test_a_throttled_service_gets_more_than_it_could_show():
    advice = cpu(reservation=0.25, limit=0.4, highest=0.4, throttled_share=0.3)

    assert advice.verdict == "tight"
    assert advice.suggested.limit == pytest.approx(0.6)


def test_without_a_limit_nothing_is_throttled():
    assert cpu(reservation=0.25, throttled_share=0.3).verdict == "fits"


def test_what_is_not_reserved_cannot_be_saved():
    advice = memory(tasks=50)

    assert (advice.verdict, advice.saving) == ("unset", 0.0)
    assert advice.suggested is not None


def test_a_small_difference_is_none():
    advice = cpu(reservation=0.3, limit=0.5)

    assert (advice.verdict, advice.saving) == ("fits", 0.0)


def test_less_than_a_day_suggests_nothing():
    advice = cpu(reservation=1.0, days=0.9)

    assert (advice.verdict, advice.suggested, advice.saving) == ("young", None, 0.0)
    nothing = cpu_advice(None, Promise(reservation=1, limit=1), tasks=1, days=9)
    assert nothing.verdict == "unknown"


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(0.0, 0.01), (0.011, 0.02), (0.1, 0.1), (0.12, 0.15), (1.0, 1.0), (1.01, 1.1), (5.2, 5.5)],
)
def test_cores_are_rounded_up_to_what_people_write(value, rounded):
    assert rules.stepped(value, rules.CPU_STEPS, rules.LEAST_CPU) == pytest.approx(rounded)


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(1, 16 * MIB), (513 * MIB, 576 * MIB), (2.1 * GIB, 2.25 * GIB), (8.2 * GIB, 9 * GIB)],
)
def test_sizes_are_rounded_up_to_what_people_write(value, rounded):
    assert rules.stepped(value, rules.MEMORY_STEPS, rules.LEAST_MEMORY) == rounded


def test_the_command_is_dockers():
    said = rules.command(
        "shop_web",
        cpu=Promise(reservation=0.25, limit=0.5),
        memory=Promise(reservation=112 * MIB, limit=2 * GIB),
    )

    assert said == (
        "docker service update --reserve-cpu 0.25 --limit-cpu 0.5"
        " --reserve-memory 112M --limit-memory 2048M shop_web"
    )
    assert rules.command("shop_web", cpu=None, memory=None) == ""


def test_the_worse_of_two_verdicts_counts():
    assert rules.worse_of("fits", "tight") == "tight"
    assert rules.worse_of("unknown", "wide") == "wide"

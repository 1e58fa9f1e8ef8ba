"""One look at a time, and who may hear that something changed."""

from __future__ import annotations

import pytest

from apps.alerts.models import Alert, AlertRule, EvaluationRound
from apps.alerts.rules.stock import STOCK_RULES
from apps.alerts.services import drop_old_alerts, make_stock_rules, rule_problems
from apps.alerts.services.alone import KEY, alone
from apps.alerts.tasks import evaluate
from dce_portal import live
from tests.factories.alerts import AlertFactory, later

pytestmark = pytest.mark.django_db


@pytest.fixture
def real_redis(redis_server, settings):
    """An empty Redis for the lock."""
    settings.REDIS_URL = redis_server.url
    live.client.cache_clear()
    client = live.client()
    client.flushdb()
    yield client
    client.close()
    live.client.cache_clear()


def test_a_second_worker_lets_the_tick_go(real_redis) -> None:
    with alone() as first, alone() as second:
        assert (first, second) == (True, False)
    with alone() as again:
        assert again


def test_a_lock_that_lapsed_and_was_taken_is_left_to_its_holder(real_redis) -> None:
    with alone():
        real_redis.set(KEY, "another worker")
    assert real_redis.get(KEY) == b"another worker"


def test_the_task_looks_once(real_redis, quiet) -> None:
    evaluate()
    first = EvaluationRound.objects.get().at
    assert first > quiet
    real_redis.set(KEY, "another worker")
    evaluate()
    assert EvaluationRound.objects.get().at == first


def test_without_redis_it_looks_all_the_same(settings, quiet) -> None:
    settings.REDIS_URL = "unix:///nonexistent/redis.sock"
    live.client.cache_clear()
    with alone() as is_mine:
        assert is_mine
    live.client.cache_clear()


def test_a_look_that_fails_is_told_on_the_page(real_redis, quiet, monkeypatch) -> None:
    def broken(*_rules: object, **_more: object) -> None:
        raise RuntimeError("no such column")

    monkeypatch.setattr("apps.alerts.services.rounds.fact_answers", broken)
    with pytest.raises(RuntimeError):
        evaluate()
    assert "no such column" in EvaluationRound.objects.get().error


def test_only_who_may_see_alerts_hears_of_them(viewer, mallory) -> None:
    assert live.may_watch(viewer, "alerts:all")
    assert not live.may_watch(viewer, "alerts:1")
    assert not live.may_watch(mallory, "alerts:all")


def test_the_ready_made_rules_are_there_and_valid() -> None:
    rules = AlertRule.objects.filter(stock_key__isnull=False)
    assert rules.count() == len(STOCK_RULES)
    assert all(rule.is_enabled for rule in rules)
    wrong = {rule.stock_key: dict(rule_problems(rule)) for rule in rules if rule_problems(rule)}
    assert not wrong


def test_what_an_operator_changed_is_left_and_what_is_missing_is_made() -> None:
    AlertRule.objects.filter(stock_key="node-down").update(value=1, for_s=999, name="Ours")
    AlertRule.objects.filter(stock_key="node-cpu").delete()
    assert make_stock_rules(using="default") == 1
    assert AlertRule.objects.get(stock_key="node-down").for_s == 999
    assert AlertRule.objects.filter(stock_key="node-cpu").exists()


def test_old_alerts_are_dropped_and_open_ones_never(quiet) -> None:
    old = later(quiet, -500 * 86400)
    AlertFactory(state="cleared", cleared_at=old, opened_at=old)
    kept = AlertFactory(opened_at=old)
    assert drop_old_alerts(now=quiet) == 1
    assert list(Alert.objects.all()) == [kept]

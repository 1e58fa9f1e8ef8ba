"""Alerts and rules in the API."""

from __future__ import annotations

import pytest

from apps.accounts.models import AuditEvent
from apps.alerts.models import AlertRule
from tests.factories.alerts import AlertFactory, RuleFactory, measured

pytestmark = pytest.mark.django_db

ALERTS, RULES = "/api/v1/alerts/", "/api/v1/alert-rules/"
WISH = {
    "name": "busy",
    "condition": "threshold",
    "metric": "cpu_cores",
    "object_kind": "container",
    "value": 90,
    "against": "limit",
}


def post(script, path: str, body: object):
    return script.post(path, body, content_type="application/json")


def test_what_is_wrong_now(viewer, with_token, quiet) -> None:
    alert = AlertFactory()
    AlertFactory(inhibited_by=alert)
    AlertFactory(state="cleared")
    script = with_token(viewer)
    rows = script.get(f"{ALERTS}?state=firing&explained=false").json()["results"]
    assert [row["id"] for row in rows] == [alert.pk]
    assert script.get(rows[0]["url"]).json()["changes"] == []


def test_an_operator_acknowledges_and_a_viewer_does_not(
    operator, viewer, with_token, quiet
) -> None:
    alert = AlertFactory()
    address = f"{ALERTS}{alert.pk}/acknowledge/"
    assert post(with_token(viewer), address, {}).status_code == 403
    script = with_token(operator)
    body = post(script, address, {"note": "on it"}).json()
    assert (body["acknowledged_by"], body["changes"][0]["note"]) == (operator.username, "on it")
    assert post(script, address, {}).status_code == 409
    assert post(script, f"{ALERTS}{alert.pk}/take-back/", {}).status_code == 200
    assert AuditEvent.objects.filter(target_kind="alert").count() == 2


def test_a_rule_is_made_changed_and_deleted(administrator, with_token, quiet) -> None:
    script = with_token(administrator)
    made = post(script, RULES, WISH)
    assert made.status_code == 201
    body = made.json()
    assert (body["unit"], body["owner"]) == ("%", administrator.username)
    assert body["sentence"] == "CPU is at or above 90 % of its limit"
    changed = script.patch(made["Location"], {"for_s": 60}, content_type="application/json")
    assert changed.json()["sentence"].endswith("for 60 s")
    assert post(script, RULES, WISH).json()["error"]["fields"]["name"]
    assert script.delete(made["Location"]).status_code == 204
    stock = AlertRule.objects.get(stock_key="node-down")
    assert script.delete(f"{RULES}{stock.pk}/").status_code == 409
    actions = AuditEvent.objects.filter(target_kind="alertrule").values_list("action", flat=True)
    assert list(actions.order_by("pk")) == [
        f"alertrule.{verb}" for verb in ("add", "change", "delete")
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"metric": "happiness"},
        {"object_kind": "planet"},
        {"window_s": 7},
        {"value": "NaN"},
        {"value": 1e300},
        {"selection": "label"},
        {"clear_value": 95},
        {"surprise": 1},
        {"cluster": 987654321},
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_kept(
    administrator, with_token, quiet, change
) -> None:
    answer = post(with_token(administrator), RULES, {**WISH, **change})
    assert answer.status_code == 400
    assert not AlertRule.objects.filter(name="busy").exists()


def test_operators_and_viewers_do_not_edit_rules(operator, viewer, with_token, quiet) -> None:
    rule = RuleFactory()
    for person in (operator, viewer):
        script = with_token(person)
        assert post(script, RULES, WISH).status_code == 403
        assert script.delete(f"{RULES}{rule.pk}/").status_code == 403
        assert script.get(f"{RULES}{rule.pk}/").status_code == 200


def test_a_rule_is_tried_saved_or_not(viewer, with_token, quiet) -> None:
    measured("container", 1, at=quiet, cpu_cores=0.1, cpu_limit_cores=1)
    script = with_token(viewer)
    told = post(script, f"{RULES}try/", WISH).json()
    assert (told["watched"], told["count"], told["reason"]) == (1, 0, "")
    rule = RuleFactory(condition="event", metric="unhealthy", value=1)
    assert "no history" in script.get(f"{RULES}{rule.pk}/try/").json()["reason"]
    assert not AlertRule.objects.filter(name="busy").exists()

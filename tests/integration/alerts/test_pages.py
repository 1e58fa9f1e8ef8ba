"""The pages of alerts and rules: what they say, who may open them, and how many queries they take."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.accounts.models import AuditEvent
from apps.alerts.models import Alert, AlertChange, AlertRule
from apps.alerts.selectors import open_alerts, open_count
from tests.factories.accounts import UserFactory, token_of
from tests.factories.alerts import AlertFactory, RuleFactory, measured
from tests.factories.cluster import ClusterFactory
from tests.factories.registry import GrantFactory, RobotFactory

pytestmark = pytest.mark.django_db

OPEN = "/admin/alerts/alert/open/"
RULES = "/admin/alerts/alertrule/"
ANSWERS = {
    "name": "Web is greedy",
    "condition": "threshold",
    "metric": "memory_bytes",
    "object_kind": "container",
    "selection": "name",
    "selector": "web-*",
    "cluster": "",
    "comparison": "above",
    "value": "512 MiB",
    "against": "absolute",
    "window_s": "60",
    "for_s": "5 min",
    "min_samples": "3",
    "clear_value": "400 MiB",
    "clear_for_s": "90 s",
    "severity": "critical",
    "is_enabled": "on",
    "words": "Restart it.",
}


def address(alert: Alert) -> str:
    return reverse("admin:alerts_alert_change", args=[alert.pk])


def test_when_all_is_well_it_says_so_and_what_is_watched(viewer, signed_in, quiet) -> None:
    page = signed_in(viewer).get(OPEN).content.decode()
    assert "No alerts" in page
    assert "not been looked at" in page, "the last look of this fixture is months ago"


def test_the_worst_is_first_and_what_belongs_together_stands_together(
    viewer, signed_in, quiet
) -> None:
    AlertFactory(severity="warning", group_key="1/stack:shop", object_label="shop_web")
    AlertFactory(severity="critical", group_key="1/node:3", object_label="node-three")
    AlertFactory(severity="info", group_key="1/stack:shop", object_label="shop_db")
    page = signed_in(viewer).get(OPEN).content.decode()
    assert page.index("node-three") < page.index("shop_web") < page.index("shop_db")
    assert page.count('class="dce-card dce-alerts ') == 2


def test_the_number_of_queries_does_not_grow(viewer, quiet, queries_of) -> None:
    few = queries_of(viewer, OPEN)
    for _ in range(30):
        AlertFactory(inhibited_by=AlertFactory())
    assert queries_of(viewer, OPEN) <= few + 1
    rules = queries_of(viewer, RULES)
    RuleFactory.create_batch(20)
    assert queries_of(viewer, RULES) == rules


def test_acknowledging_is_noted_told_and_audited(operator, signed_in, quiet) -> None:
    alert = AlertFactory()
    browser = signed_in(operator)
    where = reverse("admin:alerts_acknowledge", args=[alert.pk])
    answer = browser.post(where, {"note": "on it", "next": OPEN})
    assert (answer.status_code, answer["Location"]) == (302, OPEN)
    alert.refresh_from_db()
    assert (alert.acknowledged_by, alert.acknowledged_note) == (operator, "on it")
    change = AlertChange.objects.get()
    assert (change.kind, change.by, change.is_told) == ("acknowledged", operator, False)
    assert AuditEvent.objects.filter(action="alert.acknowledge").count() == 1
    assert "on it" in browser.get(address(alert)).content.decode()
    browser.post(reverse("admin:alerts_take_back", args=[alert.pk]), {"next": "//evil.example/"})
    alert.refresh_from_db()
    assert alert.acknowledged_at is None


def test_a_second_acknowledgement_is_refused(operator, signed_in, quiet) -> None:
    alert = AlertFactory()
    browser = signed_in(operator)
    where = reverse("admin:alerts_acknowledge", args=[alert.pk])
    browser.post(where, {"note": "mine"})
    page = browser.post(where, {"note": "no, mine"}, follow=True).content.decode()
    assert "somebody has acknowledged it already" in page
    alert.refresh_from_db()
    assert alert.acknowledged_note == "mine"


def test_one_alert_shows_how_it_went_and_who_took_the_most(viewer, signed_in, quiet) -> None:
    cause = AlertFactory(object_label="the cause")
    culprit = {"kind": "container", "ref": 5, "label": "greedy", "value": 2**30, "unit": "bytes"}
    alert = AlertFactory(words="Give it more.", culprits=[culprit], inhibited_by=cause)
    AlertChange.objects.create(alert=alert, at=quiet, kind="fired", sequence=1, value=150)
    page = signed_in(viewer).get(address(alert)).content.decode()
    for words in ("Give it more.", "greedy", "1.0 GiB", "150 B", "the cause"):
        assert words in page
    assert alert.object_label in signed_in(viewer).get(address(cause)).content.decode()


def test_a_rule_is_made_in_plain_words(administrator, signed_in, quiet) -> None:
    answer = signed_in(administrator).post(f"{RULES}add/", ANSWERS)
    assert answer.status_code == 302
    rule = AlertRule.objects.get(name="Web is greedy")
    assert (rule.value, rule.clear_value) == (512 * 2**20, 400 * 2**20)
    assert (rule.for_s, rule.clear_for_s, rule.owner) == (300, 90, administrator)
    assert AuditEvent.objects.get(action="alertrule.add").target_label == "Web is greedy"
    form = signed_in(administrator).get(f"{RULES}{rule.pk}/change/").content.decode()
    assert 'value="512 MiB"' in form


def test_it_is_tried_before_it_is_saved(administrator, signed_in, quiet) -> None:
    measured("container", 1, at=quiet, label="web-1", memory_bytes=1)
    page = signed_in(administrator).post(f"{RULES}add/", {**ANSWERS, "try": "1"}).content.decode()
    assert "1 object is watched" in page
    assert "Would not have fired in the last 7 days." in page
    assert not AlertRule.objects.filter(name="Web is greedy").exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"value": "many"}, "Give a number, with a unit"),
        ({"value": "5 min"}, "a unit that does not fit here"),
        ({"clear_value": "600 MiB"}, "calm side"),
        ({"selector": ""}, "Say which"),
        ({"against": "reservation", "object_kind": "node", "value": "90"}, "have reservations"),
        ({"condition": "event", "metric": "node_down", "value": "1"}, "not known of such objects"),
        ({"metric": "node_down"}, "Choose one of the metrics"),
        ({"name": "x" * 200}, "at most 120 characters"),
        ({"for_s": "1000 d"}, "less than or equal to"),
    ],
)
def test_what_cannot_be_meant_is_said_at_its_field(
    administrator, signed_in, quiet, change, sentence
) -> None:
    page = signed_in(administrator).post(f"{RULES}add/", {**ANSWERS, **change}).content.decode()
    assert sentence in page
    assert not AlertRule.objects.filter(selector="web-*").exists()


def test_a_ready_made_rule_is_changed_and_stays_so(administrator, signed_in, quiet) -> None:
    from apps.alerts.services import make_stock_rules

    rule = AlertRule.objects.get(stock_key="node-down")
    browser = signed_in(administrator)
    browser.post(f"{RULES}{rule.pk}/switch/", {"on": "1"})
    rule.refresh_from_db()
    assert rule.is_enabled
    browser.post(f"{RULES}{rule.pk}/switch/", {"on": "0"})
    browser.post(f"{RULES}{rule.pk}/delete/")
    assert make_stock_rules(using="default") == 0
    rule.refresh_from_db()
    assert not rule.is_enabled
    actions = AuditEvent.objects.filter(target_kind="alertrule").values_list("action", flat=True)
    assert sorted(actions) == ["alertrule.off", "alertrule.on"]


def test_another_meaning_ends_what_it_found(administrator, signed_in, quiet) -> None:
    alert = AlertFactory()
    browser = signed_in(administrator)
    answers = {**ANSWERS, "name": alert.rule.name, "selection": "all"}
    browser.post(
        f"{RULES}{alert.rule_id}/change/",
        {**answers, "metric": "pids", "value": "5", "clear_value": ""},
    )
    alert.refresh_from_db()
    assert alert.state == "cleared"


def test_a_viewer_reads_rules_and_changes_none(viewer, signed_in, quiet) -> None:
    rule = RuleFactory()
    browser = signed_in(viewer)
    page = browser.get(f"{RULES}{rule.pk}/change/").content.decode()
    assert "changing it is for administrators" in page
    assert browser.post(f"{RULES}{rule.pk}/change/", ANSWERS).status_code == 403
    for path in ("switch/", "delete/"):
        assert browser.post(f"{RULES}{rule.pk}/{path}").status_code == 403
    assert browser.get(f"{RULES}add/").status_code == 403
    alert = AlertFactory()
    take = reverse("admin:alerts_acknowledge", args=[alert.pk])
    assert browser.post(take).status_code == 403


def test_mallory_sees_nothing(mallory, signed_in, quiet) -> None:
    alert = AlertFactory()
    browser = signed_in(mallory)
    for path in (OPEN, RULES, f"{RULES}add/", f"{RULES}{alert.rule_id}/change/"):
        assert browser.get(path).status_code == 403
    assert browser.get("/admin/alerts/alert/").status_code == 403
    assert browser.get(address(alert)).status_code in {302, 403}
    for name in ("acknowledge", "take_back"):
        assert browser.post(reverse(f"admin:alerts_{name}", args=[alert.pk])).status_code == 403
    assert browser.post(f"{RULES}{alert.rule_id}/switch/").status_code == 403
    assert open_alerts(mallory) == []
    assert open_count(mallory).total() == 0


def test_alerts_about_tokens_are_shown_to_whom_they_concern(
    viewer, administrator, signed_in, quiet
) -> None:
    own, other = token_of(viewer).token, token_of(administrator).token
    for token in (own, other):
        AlertFactory(object_kind="token", object_ref=token.pk, object_label=f"token {token.pk}")
    assert [line.subject for line in open_alerts(viewer)] == [f"token {own.pk}"]
    assert len(open_alerts(administrator)) == 2


def test_alerts_about_robots_are_shown_to_who_manages_their_namespace(
    viewer, administrator, signed_in, quiet
) -> None:
    own, other = RobotFactory(), RobotFactory()
    GrantFactory(namespace=own.namespace, person=viewer, role="owner")
    for robot in (own, other):
        AlertFactory(object_kind="robot", object_ref=robot.pk, object_label=robot.username)
    assert [line.subject for line in open_alerts(viewer)] == [own.username]
    assert open_alerts(administrator) == []
    assert len(open_alerts(UserFactory(is_superuser=True))) == 2


def test_the_dashboards_lines_are_of_its_cluster_and_of_none(viewer, quiet) -> None:
    mine, other = ClusterFactory(), ClusterFactory()
    AlertFactory(cluster=mine, severity="info", object_label="mine")
    AlertFactory(cluster=other, object_label="other")
    AlertFactory(severity="critical", object_label="portal")
    AlertFactory(cluster=mine, state="pending")
    lines = open_alerts(viewer, mine)
    assert [(line.subject, line.tone) for line in lines] == [("portal", "bad"), ("mine", "busy")]
    assert open_count(viewer, mine) == {"critical": 1, "info": 1}
    assert lines[0].url.startswith("/admin/alerts/alert/")

"""The forms of quiet hours and silences, and the silence of an alert in one click."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import AuditEvent
from apps.alerts.models import QuietHours, Silence
from tests.factories.alert_delivery import firing

pytestmark = pytest.mark.django_db


def address(model, page="changelist", *arguments):
    return reverse(f"admin:alerts_{model}_{page}", args=arguments)


def test_an_administrator_makes_quiet_hours_and_sees_the_week(administrator, signed_in):
    said = {
        "name": "nights",
        "is_enabled": "on",
        "days": ["0", "1", "2", "3", "4"],
        "begins": "22:00",
        "ends": "07:00",
        "time_zone": "Europe/Berlin",
        "breaks_through": "critical",
        "once_begins_at_0": "",
        "once_begins_at_1": "",
        "once_ends_at_0": "",
        "once_ends_at_1": "",
    }
    browser = signed_in(administrator)

    browser.post(address("quiethours", "add"), said)

    assert QuietHours.objects.get().days == [0, 1, 2, 3, 4]
    page = browser.get(address("quiethours")).content.decode()
    assert page.count("dce-week-stripe") >= 5
    assert "Monday–Friday 22:00–07:00" in page
    assert AuditEvent.objects.filter(action="quiethours.add").exists()


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"days": []}, "days"),
        ({"ends": ""}, "days"),
        ({"days": [], "begins": "", "ends": ""}, "days"),
        ({"time_zone": "Nowhere"}, "time_zone"),
        ({"once_begins_at_0": "2026-01-02", "once_begins_at_1": "10:00"}, "once_begins_at"),
    ],
)
def test_quiet_hours_are_whole(facts, field, administrator, signed_in):
    said = {"name": "n", "days": ["0"], "begins": "22:00", "ends": "07:00", "time_zone": "UTC"}

    answer = signed_in(administrator).post(address("quiethours", "add"), {**said, **facts})

    assert field in answer.context["adminform"].form.errors
    assert not QuietHours.objects.exists()


def test_an_alert_is_silenced_in_one_click_and_the_silence_ended(operator, signed_in):
    alert = firing()
    browser = signed_in(operator)

    browser.post(address("silence", "alert", alert.pk), {"seconds": "3600"})

    silence = Silence.objects.get()
    assert (silence.object_kind, silence.object_label, silence.created_by) == (
        "service",
        "shop_web",
        operator,
    )
    assert abs(silence.ends_at - timezone.now() - timedelta(hours=1)) < timedelta(minutes=1)
    assert "End now" in browser.get(address("silence", "change", silence.pk)).content.decode()

    browser.post(address("silence", "end", silence.pk))
    silence.refresh_from_db()
    assert silence.ends_at <= timezone.now()
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"silence.add", "silence.end"} <= actions


def test_the_form_of_a_silence_proposes_what_an_alert_is_about(operator, signed_in):
    alert = firing()

    page = signed_in(operator).get(address("silence", "add") + f"?alert={alert.pk}")

    proposed = page.context["adminform"].form.initial
    assert (proposed["object_kind"], proposed["object_label"]) == ("service", "shop_web")


def test_an_alerts_page_offers_the_usual_times(operator, signed_in):
    alert = firing()

    page = (
        signed_in(operator)
        .get(reverse("admin:alerts_alert_change", args=[alert.pk]))
        .content.decode()
    )

    assert reverse("admin:alerts_silence_alert", args=[alert.pk]) in page


def test_a_silence_of_everything_is_refused(operator, signed_in):
    end = timezone.localtime() + timedelta(hours=1)
    said = {
        "reason": "why not",
        "begins_at_0": timezone.localdate().isoformat(),
        "begins_at_1": "00:00",
        "ends_at_0": end.date().isoformat(),
        "ends_at_1": end.time().isoformat("seconds"),
    }

    answer = signed_in(operator).post(address("silence", "add"), said, follow=True)

    assert not Silence.objects.exists()
    assert "Say what shall be silent" in answer.content.decode()

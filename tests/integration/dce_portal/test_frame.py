"""What stands around every page."""

from __future__ import annotations

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db


def test_the_sign_in_page_offers_no_way_that_leads_back_to_it(client):
    page = client.get(reverse("admin:login")).content.decode()
    assert 'name="password"' in page
    assert "Return to site" not in page


def test_who_is_signed_in_finds_the_way_to_the_dashboard(signed_in, bob):
    page = signed_in(bob).get(reverse("admin:registry_repository_changelist")).content.decode()
    assert f'href="{reverse("admin:index")}"' in page

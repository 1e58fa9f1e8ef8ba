"""Lists without rows say what is missing and what brings the first; searches that find nothing say that."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.urls import reverse

from dce_portal.settings.sidebar import navigation

pytestmark = pytest.mark.django_db

LISTS = {
    str(model_admin.opts.label_lower): model_admin
    for model_admin in admin.site._registry.values()
    if model_admin.opts.app_label not in {"auth", "socialaccount", "account", "sites"}
}
IN_SIDEBAR = {str(item["link"]) for group in navigation() for item in group["items"]}


def address(name: str) -> str:
    return reverse(f"admin:{name.replace('.', '_')}_changelist")


@pytest.mark.parametrize("name", sorted(LISTS))
def test_a_list_without_rows_has_words_of_its_own(signed_in, admin_user, name):
    page = signed_in(admin_user).get(address(name)).content.decode()
    assert "yielded into no results" not in page
    if address(name) in IN_SIDEBAR:
        assert (
            "Nothing here yet" not in page or "dce-empty" in page.split('id="changelist-form"')[0]
        )


def test_a_search_that_finds_nothing_says_so_and_leads_back(signed_in, admin_user):
    found = signed_in(admin_user).get(address("nodes.node"), {"q": "nowhere"}).content.decode()
    assert "Nothing matches" in found
    assert "Show all rows" in found
    assert "No nodes yet" not in found

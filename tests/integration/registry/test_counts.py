"""What the heads of lists say of how many there are."""

from __future__ import annotations

import pytest
from django.urls import reverse

from dce_portal import paginator
from tests.factories.registry import ManifestFactory, RepositoryFactory, TagFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def tags(team, monkeypatch):
    monkeypatch.setattr(paginator, "MOST_COUNTED", 3)
    manifest = ManifestFactory(repository=RepositoryFactory(namespace=team, name="team/app"))
    for number in range(5):
        TagFactory(repository=manifest.repository, name=f"v{number}", manifest=manifest)


def test_a_list_that_is_not_counted_to_its_end_says_so(signed_in, bob, tags):
    page = signed_in(bob).get(reverse("admin:registry_tag_changelist")).content.decode()
    assert "3+ tags" in " ".join(page.split())


def test_show_all_is_offered_only_where_something_is_left_out(signed_in, bob, tags):
    address = reverse("admin:registry_tag_changelist")
    browser = signed_in(bob)
    assert "Show all" not in browser.get(address).content.decode()
    assert "Show all" in browser.get(address, {"q": "v1"}).content.decode()


def test_a_namespace_is_public_or_private_in_a_word(signed_in, bob, team):
    page = signed_in(bob).get(reverse("admin:registry_namespace_changelist")).content.decode()
    assert "private" in page
    assert "field-visibility" in page

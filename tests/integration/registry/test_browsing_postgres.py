"""The same search, sizes and events on PostgreSQL, whose conditions and locks are written differently."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.registry.adapters.fake import FakeRegistry
from apps.registry.browse.search import search
from apps.registry.models import PullDay, RegistryEvent, Role
from apps.registry.services import create_namespace, grant_role
from apps.registry.services.inbox import apply_waiting
from apps.registry.services.sizes import keep_sizes, refresh_sizes
from dce_portal.origin import PORTAL
from tests.factories.accounts import UserFactory
from tests.factories.registry import image_info
from tests.integration.registry.test_browsing import labelled, push

pytestmark = pytest.mark.postgres


@pytest.mark.usefixtures("on_postgres")
def test_search_sizes_and_pulls_on_postgresql():
    bob: User = UserFactory(username="bob")
    mallory: User = UserFactory(username="mallory")
    team = create_namespace(name="team", origin=PORTAL)
    grant_role(namespace=team, person=bob, role=Role.READER, origin=PORTAL)
    info = labelled("one", owner="payments")
    push("team/web-shop", info, tag="v1.4")
    for text in (
        "shop",
        "v1",
        "owner=pay",
        "team/web:v1",
        info.digest[:18],
        info.config_digest[7:19],
    ):
        assert search(bob, text), text
        assert not search(mallory, text), text
    assert not search(bob, "_eb-shop")

    refresh_sizes()
    keep_sizes()
    team.refresh_from_db()
    assert team.stored_bytes == 1500

    pull = {
        "action": "pull",
        "target": {
            "repository": "team/web-shop",
            "digest": info.digest,
            "mediaType": image_info().media_type,
        },
        "request": {"method": "GET"},
    }
    for number in range(3):
        RegistryEvent.objects.create(
            event_id=str(number), action="pull", body=pull, happened_at=timezone.now()
        )
    apply_waiting(FakeRegistry())
    assert PullDay.objects.get(digest=info.digest).pulls == 3

"""Addresses that cannot be parsed are refused in words."""

from __future__ import annotations

import pytest

from apps.interop.models import RemoteWrite
from apps.interop.services.targets import save_target
from apps.replication.models import RemoteRegistry
from apps.replication.services.rules import save_remote
from dce_portal.errors import InvalidInput
from dce_portal.origin import PORTAL

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("url", ["http://[", "http://x:port/", "https://[::1"])
@pytest.mark.parametrize(
    ("save", "model"), [(save_target, RemoteWrite), (save_remote, RemoteRegistry)]
)
@pytest.mark.parametrize("pk", [None, 7])
def test_an_address_that_is_none_is_refused(url, save, model, pk):
    row = model(pk=pk, name="x", url="https://x.test")
    with pytest.raises(InvalidInput) as refusal:
        save(row, {"url": url}, secret=None, origin=PORTAL)
    assert refusal.value.field == "url"

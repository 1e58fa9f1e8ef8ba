"""What another registry says is read within limits, and its types are looked at."""

from __future__ import annotations

import pytest
import requests
import responses

from apps.replication.adapters import remote
from apps.replication.adapters.remote import HttpRemote
from apps.replication.ports import Place
from dce_portal.errors import Unavailable

LIST = "https://a.test/v2/app/tags/list"


@responses.activate
def test_a_list_without_end_is_read_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []

    def endless(_answer: object, size: int) -> object:
        while len(read) < 1000:
            read.append(size)
            yield b" " * size

    monkeypatch.setattr(remote, "LIST_LIMIT_BYTES", 4 * 65_536)
    monkeypatch.setattr(requests.Response, "iter_content", endless)
    responses.get(LIST, body=b"{}")
    with pytest.raises(Unavailable):
        HttpRemote(Place(host="a.test", is_tls=True), requests.Session()).tags("app")
    assert len(read) == 5


@responses.activate
@pytest.mark.parametrize(("tags", "found"), [(["1", 2, None], ("1",)), ("abc", ()), (7, ())])
def test_tags_are_texts_in_a_list(tags: object, found: tuple[str, ...]) -> None:
    responses.get(LIST, json={"tags": tags})
    port = HttpRemote(Place(host="a.test", is_tls=True), requests.Session())
    assert port.tags("app") == found

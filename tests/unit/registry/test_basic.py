"""The Authorization header of `/auth/token`."""

from __future__ import annotations

import base64

import pytest

from apps.registry.api.basic import LONGEST_HEADER, BasicCredential, read_basic
from dce_portal.errors import NotAuthenticated


def header(text: bytes) -> str:
    return f"Basic {base64.b64encode(text).decode()}"


@pytest.mark.parametrize("value", [None, "", header(b":")])
def test_no_credential_is_anonymous(value):
    assert read_basic(value) is None


def test_secret_may_hold_colons_and_any_letters():
    assert read_basic(header("alice:pa:ss·wörd".encode())) == BasicCredential("alice", "pa:ss·wörd")
    assert read_basic(header(b"alice:x").replace("Basic", "basic")) == BasicCredential("alice", "x")


def test_secret_is_not_printed():
    assert "hidden" not in str(read_basic(header(b"alice:hidden")))


@pytest.mark.parametrize(
    "value",
    [
        "Basic",
        "Basic %%%",
        header(b"no colon"),
        header(b"\xff\xfe:x"),
        "Bearer x",
        "Basic " + "a" * LONGEST_HEADER,
    ],
)
def test_what_cannot_be_read_is_refused(value):
    with pytest.raises(NotAuthenticated):
        read_basic(value)

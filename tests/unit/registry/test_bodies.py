"""Bodies with a length, in chunks, and larger than the limit."""

from __future__ import annotations

import io

import pytest
from django.test import RequestFactory

from dce_portal.bodies import BodyTooLarge, read_body


def chunked(content, *, is_terminated=True):
    """A WSGI request without Content-Length."""
    request = RequestFactory().generic("POST", "/")
    request.META.pop("CONTENT_LENGTH", None)
    request.environ["wsgi.input"] = io.BytesIO(content)
    request.environ["wsgi.input_terminated"] = is_terminated
    return request


def measured(content):
    return RequestFactory().post("/", content, content_type="text/plain")


@pytest.mark.parametrize("make", [chunked, measured])
def test_arrives_whole_up_to_the_limit(make):
    assert read_body(make(b"x" * 10), limit_bytes=10) == b"x" * 10
    with pytest.raises(BodyTooLarge, match="10 bytes"):
        read_body(make(b"x" * 11), limit_bytes=10)


def test_input_that_may_not_end_is_not_read():
    assert read_body(chunked(b"x", is_terminated=False), limit_bytes=10) == b""


def test_no_more_is_read_than_needed():
    request = chunked(b"x" * 1000)
    with pytest.raises(BodyTooLarge):
        read_body(request, limit_bytes=10)
    assert request.environ["wsgi.input"].tell() == 11

"""The HTTP side of remote write, against faked answers."""

from __future__ import annotations

import base64

import pytest
import requests
import responses
from cramjam import snappy

from apps.interop.adapters.http_writer import HttpWriter
from dce_portal.secret import Secret

URL = "https://prometheus.test/api/v1/write"
MESSAGE = b"message " * 50


def sent(*, username: str = "", secret: str | None = None, **answer: object):
    with responses.RequestsMock() as fake:
        fake.post(URL, **{"status": 204, **answer})
        writer = HttpWriter(URL, username=username, secret=Secret(secret) if secret else None)
        told = writer.send(MESSAGE)
        writer.close()
        return told, fake.calls[0].request


def test_the_message_is_snappy_with_the_protocols_headers():
    told, request = sent()

    assert told.status == 204
    assert bytes(snappy.decompress_raw(request.body)) == MESSAGE
    assert request.headers["Content-Encoding"] == "snappy"
    assert request.headers["Content-Type"] == "application/x-protobuf"
    assert request.headers["X-Prometheus-Remote-Write-Version"] == "0.1.0"
    assert "Authorization" not in request.headers


def test_a_secret_alone_is_a_bearer_and_with_a_name_basic():
    assert sent(secret="hush")[1].headers["Authorization"] == "Bearer hush"
    encoded = base64.b64encode("ä:hush".encode()).decode()
    assert sent(username="ä", secret="hush")[1].headers["Authorization"] == f"Basic {encoded}"


def test_what_a_receiver_says_is_cut_and_its_pause_kept():
    told, _request = sent(status=503, body="no room " * 1000, headers={"Retry-After": "7"})

    assert (told.status, told.retry_after) == (503, "7")
    assert told.said.startswith("no room")
    assert len(told.said) <= 500


def test_a_redirect_is_not_followed():
    told, _request = sent(status=307, headers={"Location": "https://mallory.test/"}, secret="hush")
    assert told.status == 307


@pytest.mark.parametrize("error", [requests.ConnectionError("x"), requests.ReadTimeout("x")])
def test_no_answer_is_told_by_the_errors_name(error):
    told, _request = sent(body=error)
    assert (told.status, told.said) == (0, type(error).__name__)

"""The OpenAPI document and its reference page."""

from __future__ import annotations

from pathlib import Path

from django.core.management import call_command

DOCUMENT = Path(__file__).parents[3] / "docs" / "openapi.yaml"


def test_the_committed_document_is_what_the_code_says(tmp_path):
    made = tmp_path / "openapi.yaml"
    call_command("spectacular", file=str(made), validate=True, fail_on_warn=True)
    assert made.read_text() == DOCUMENT.read_text(), "Run `make schema` and commit its result."


def test_it_is_served_to_everybody(client):
    assert client.get("/api/v1/schema/").status_code == 200


def test_the_reference_page_needs_no_other_host(client):
    answer = client.get("/api/v1/docs/")
    body = answer.content.decode()
    assert "/static/drf_spectacular_sidecar/" in body
    assert "//cdn" not in body
    assert "script-src 'self' 'unsafe-inline'" in answer["Content-Security-Policy"]

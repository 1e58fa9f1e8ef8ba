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


def test_the_description_is_made_once_whatever_is_asked(client, db, monkeypatch):
    from drf_spectacular.generators import SchemaGenerator

    from dce_portal.api import schema_view

    made = []
    true = SchemaGenerator.get_schema

    def noted(self, *args, **kwargs):
        made.append(self)
        return true(self, *args, **kwargs)

    monkeypatch.setattr(SchemaGenerator, "get_schema", noted)
    monkeypatch.setattr(schema_view, "_made", {})
    first = client.get("/api/v1/schema/")
    again = client.get("/api/v1/schema/?version=7&lang=xx")
    assert (first.status_code, again.content) == (200, first.content)
    assert len(made) == 1

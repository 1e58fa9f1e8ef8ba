"""Who may call the API: every address is closed to outsiders, and a token narrows its owner's rights."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

# What every signed-in person may call, since it shows them nothing but their own.
OWN = ("/api/v1/me/", "/api/v1/tokens/", "/api/v1/teams/", "/api/v1/operations/")
# Their rows are narrowed by grants; tests of those apps say what an outsider finds there.
BY_GRANTS = (
    "/api/v1/namespaces/",
    "/api/v1/repositories/",
    "/api/v1/tags/",
    "/api/v1/grants/",
    "/api/v1/robots/",
    "/api/v1/docker-logins/",
)
# Rules, runs and collections: those of one's own namespaces, or nothing.
BY_OWNERSHIP = (
    "/api/v1/tag-rules/",
    "/api/v1/image-rules/",
    "/api/v1/quotas/",
    "/api/v1/retention-rules/",
    "/api/v1/retention-runs/",
    "/api/v1/collections/",
)
# Their rows are narrowed to things that the person may see.
BY_THINGS = ("/api/v1/time-to-full/", "/api/v1/scan-reports/")
# They ask for a kind and a number first, and then refuse by it.
OF_ONE_THING = (
    "/api/v1/samples/",
    "/api/v1/outlooks/",
    "/api/v1/retention-preview/",
    "/api/v1/deletions/",
    "/api/v1/access/",
    "/api/v1/registry/search/",
)


def calls() -> list[tuple[str, str]]:
    """Every method of every address in the schema, with ids that no row has."""
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    return [
        (method, re.sub(r"\{[^}]*\}", "987654321", path))
        for path, methods in paths.items()
        for method in methods
    ]


def is_below(address: str, roots: tuple[str, ...]) -> bool:
    return address.startswith(roots)


@pytest.mark.parametrize(("method", "address"), calls())
def test_nobody_calls_anything_without_signing_in(method, address, db):
    answer = Client().generic(method.upper(), address, "{}", content_type="application/json")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["error"]["code"] == "not_authenticated"


@pytest.mark.parametrize(("method", "address"), calls())
def test_mallory_gets_nothing_anywhere(method, address, mallory, with_token):
    script = with_token(mallory)
    answer = script.generic(method.upper(), address, "{}", content_type="application/json")
    if is_below(address, OWN + BY_GRANTS + BY_OWNERSHIP + BY_THINGS):
        assert answer.status_code < 500
        assert answer.json().get("results", []) == [] or address == "/api/v1/tokens/"
    else:
        assert answer.status_code in {400, 403, 404}
        assert answer.status_code == 403 or is_below(address, OF_ONE_THING)


@pytest.mark.parametrize(("method", "address"), calls())
def test_a_token_without_api_scopes_opens_nothing(method, address, administrator, with_token):
    script = with_token(administrator, "registry.push")
    answer = script.generic(method.upper(), address, "{}", content_type="application/json")
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("method", "address"), [(m, a) for m, a in calls() if m not in {"get", "head"}]
)
def test_a_token_that_may_only_read_changes_nothing(method, address, administrator, with_token):
    script = with_token(administrator, "api.read")
    answer = script.generic(method.upper(), address, "{}", content_type="application/json")
    assert answer.status_code == 403


def test_a_session_needs_its_csrf_token(administrator):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(administrator)
    assert browser.get("/api/v1/me/").json()["credential"] == "session"
    wish = {"name": "x", "scopes": ["api.read"]}
    answer = browser.post("/api/v1/tokens/", wish, content_type="application/json")
    assert answer.status_code == 403


@pytest.mark.parametrize("secret", ["", "dcep_x", "nonsense", "dcep_" + "é" * 59])
def test_a_bad_bearer_is_refused_even_beside_a_good_session(secret, administrator, signed_in):
    browser = signed_in(administrator)
    answer = browser.get("/api/v1/me/", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 401
    assert answer.json()["error"]["message"].startswith("This token")

"""The people of the tests: Alice owns, Bob is a member, Mallory is an outsider, and one in each ready-made group."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User


@pytest.fixture
def alice(db: None) -> User:
    """Owns things."""
    return _person("alice")


@pytest.fixture
def bob(db: None) -> User:
    """Is a member."""
    return _person("bob")


@pytest.fixture
def mallory(db: None) -> User:
    """Signs in and has no right at all."""
    return _person("mallory")


@pytest.fixture
def viewer(db: None) -> User:
    """Is in the group viewer."""
    return _person("vera", group="viewer")


@pytest.fixture
def operator(db: None) -> User:
    """Is in the group operator."""
    return _person("otto", group="operator")


@pytest.fixture
def administrator(db: None) -> User:
    """Is in the group administrator, and no superuser."""
    return _person("ada", group="administrator")


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """A browser in which this person has signed in."""

    def browser(person: User) -> Client:
        client = Client()
        client.force_login(person)
        return client

    return browser


@pytest.fixture
def with_token() -> Callable[..., Client]:
    """A script that sends a new token of this person, with these scopes (reading and changing if none)."""

    def script(person: User, *scopes: str) -> Client:
        from tests.factories.accounts import token_of

        secret = token_of(person, *scopes).secret
        return Client(headers={"Authorization": f"Bearer {secret}"})

    return script


@pytest.fixture
def queries_of(signed_in: Callable[[User], Client]) -> Callable[[User, str], int]:
    """How many queries a page takes once the browser has signed in and the caches are warm."""

    def count(person: User, address: str) -> int:
        browser = signed_in(person)
        browser.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address).status_code == 200
        return len(queries)

    return count


def _person(username: str, *, group: str | None = None) -> User:
    from tests.factories.accounts import UserFactory, member_of

    person = UserFactory(username=username)
    return member_of(person, group) if group else person

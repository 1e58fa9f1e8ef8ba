"""The people of the tests: Alice owns, Bob is a member, Mallory is an outsider, and one in each ready-made group."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

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


def _person(username: str, *, group: str | None = None) -> User:
    from tests.factories.accounts import UserFactory, member_of

    person = UserFactory(username=username)
    return member_of(person, group) if group else person

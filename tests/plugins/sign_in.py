"""Signing in, for tests: settings of it, codes of an authenticator app, and a cache that is asked afresh."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache


@dataclass(slots=True)
class Phone:
    """An authenticator app; each code is of a later step, since none counts twice."""

    secret: str
    steps_on: int = -2

    def code(self) -> str:
        """The next code that has not been shown."""
        from apps.accounts.security import totp

        self.steps_on += 1
        return totp.code_at(self.secret, totp.step_of(time.time()) + self.steps_on)


@pytest.fixture(autouse=True)
def _cache_asked_afresh() -> Iterator[None]:
    """A test in which the cache is silent must not leave it alone for the next one, nor wrong tokens of one add up."""
    from apps.accounts import memory, spraying

    memory.ask_again()
    cache.delete(spraying.place_key("127.0.0.1"))
    yield
    memory.ask_again()


@pytest.fixture
def sign_in_settings(settings) -> Callable[..., None]:
    """Change what signing in is configured to be."""

    def change(**values: object) -> None:
        settings.CONFIGURATION = replace(django_settings.CONFIGURATION, **values)

    return change


@pytest.fixture
def phone_of() -> Callable[..., Phone]:
    """Give a person an authenticator app."""

    def give(person) -> Phone:
        from apps.accounts.security import factors, totp
        from dce_portal.origin import PORTAL
        from dce_portal.secret import Secret

        phone = Phone(totp.new_secret())
        factors.add_app(person, Secret(phone.secret), phone.code(), origin=PORTAL)
        return phone

    return give

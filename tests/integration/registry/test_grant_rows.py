"""One grant each on the same thing: held by the database, whichever it is."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from apps.registry.models import Grant, Namespace, Repository


@pytest.fixture
def namespace(db):
    return Namespace.objects.create(name="team")


@pytest.mark.parametrize("on_repository", [False, True])
def test_a_second_grant_on_the_same_thing_is_refused(namespace, alice, on_repository):
    repository = Repository.objects.create(namespace=namespace, name="team/app")
    where = {"namespace": namespace, "repository": repository if on_repository else None}
    Grant.objects.create(person=alice, role="reader", **where)
    with pytest.raises(IntegrityError), transaction.atomic():
        Grant.objects.create(person=alice, role="owner", **where)
    assert Grant.objects.get(person=alice).role == "reader"


def test_the_namespace_and_one_repository_are_different_things(namespace, alice):
    repository = Repository.objects.create(namespace=namespace, name="team/app")
    Grant.objects.create(namespace=namespace, person=alice, role="reader")
    Grant.objects.create(namespace=namespace, repository=repository, person=alice, role="writer")
    assert Grant.objects.filter(person=alice).count() == 2

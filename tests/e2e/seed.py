"""Run beside a portal (``python -m tests.e2e.seed``): makes the tests' people, rights and tokens.

It prints the tokens as JSON. It runs in a process of its own, since the suite's Django
is set up for another database.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta

import django

# Alice owns the namespaces and operates the cluster; Bob may look and pull; Mallory has no right.
GROUPS = {"alice": "operator", "bob": "viewer", "mallory": None}
NAMESPACES = {"team": False, "public": True}
ALL_SCOPES = ("api.read", "api.write", "registry.pull", "registry.push", "registry.delete")


def main() -> None:
    """Make everything; the administrator is there already."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.hashers import make_password

    password = make_password(os.environ["DCE_TEST_PASSWORD"])
    people = {"admin": get_user_model().objects.get(username="admin")}
    for name, group in GROUPS.items():
        people[name] = make_person(name, password=password, group=group)
    make_namespaces(people)
    sys.stdout.write(json.dumps(make_tokens(people)))


def make_person(name, *, password, group):
    """A person who may sign in to the pages, in one of the ready-made groups or in none."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group

    person = get_user_model().objects.create(username=name, password=password, is_staff=True)
    if group:
        person.groups.add(Group.objects.get(name=group))
    return person


def make_namespaces(people):
    """Alice's namespaces; Bob reads in them."""
    from apps.registry.services.grants import grant_role
    from apps.registry.services.namespaces import create_namespace
    from dce_portal.origin import PORTAL

    for name, is_public in NAMESPACES.items():
        namespace = create_namespace(
            name=name, is_public=is_public, owner=people["alice"], origin=PORTAL
        )
        grant_role(namespace=namespace, role="reader", person=people["bob"], origin=PORTAL)


def make_tokens(people):
    """One token with every scope each, three of Alice's that allow less or nothing, and Prometheus'."""
    from django.utils import timezone

    tokens = {name: make_token(person, name)[1] for name, person in people.items()}
    alice = people["alice"]
    tokens["pull-only"] = make_token(alice, "pull-only", scopes=("registry.pull",))[1]
    tokens["scraper"] = make_token(people["admin"], "scraper", scopes=("metrics.read",))[1]
    expired, tokens["expired"] = make_token(alice, "expired")
    revoked, tokens["revoked"] = make_token(alice, "revoked")
    type(expired).objects.filter(pk=expired.pk).update(
        expires_at=timezone.now() - timedelta(days=1)
    )
    revoke(revoked)
    tokens["robot-team-ci"] = make_robot("team", "ci")
    return tokens


def make_robot(namespace, name):
    """The text of a robot's token, which may push everywhere in its namespace."""
    from django.utils import timezone

    from apps.registry import services
    from apps.registry.models import Namespace
    from dce_portal.origin import PORTAL

    wish = services.RobotWish(
        name=name, role="writer", expires_at=timezone.now() + timedelta(days=1)
    )
    return services.make_robot(Namespace.objects.get(name=namespace), wish, origin=PORTAL).secret


def make_token(owner, name, *, scopes=ALL_SCOPES):
    """A token's row and its text."""
    from django.utils import timezone

    from apps.accounts.services import issue_personal_token
    from dce_portal.origin import PORTAL

    expires_at = timezone.now() + timedelta(days=1)
    issued = issue_personal_token(
        owner=owner, name=name, scopes=scopes, expires_at=expires_at, origin=PORTAL
    )
    return issued.token, issued.secret


def revoke(token):
    """End a token."""
    from apps.accounts.services import revoke_personal_token
    from dce_portal.origin import PORTAL

    revoke_personal_token(token, origin=PORTAL)


if __name__ == "__main__":
    django.setup()
    main()
